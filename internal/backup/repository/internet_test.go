package repository_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// TestMain puts the names of the big clouds onto the loopback. Their clients
// take no address, but they all honour a proxy and the system's certificates,
// which the library reads once, before the first request.
func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "internet")
		if err != nil {
			log.Print(err)
			return 1
		}
		defer os.RemoveAll(dir)
		if err := theInternet.start(filepath.Join(dir, "roots.pem")); err != nil {
			log.Print(err)
			return 1
		}
		return m.Run()
	}())
}

// theInternet is shared, as there is but one proxy in a process.
var theInternet = &internet{places: map[string]place{}}

// internet is a proxy behind which names lead to handlers.
type internet struct {
	ca  *x509.Certificate
	key *ecdsa.PrivateKey

	mu     sync.Mutex
	places map[string]place
}

type place struct {
	gate    *gate
	handler http.Handler
}

// serve answers for names until the test ends.
func (n *internet) serve(t *testing.T, g *gate, h http.Handler, names ...string) {
	t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, name := range names {
		if _, taken := n.places[name]; taken {
			t.Fatalf("two tests answer for %s", name)
		}
		n.places[name] = place{g, h}
	}
	t.Cleanup(func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		for _, name := range names {
			delete(n.places, name)
		}
	})
}

func (n *internet) start(roots string) error {
	if err := n.makeCA(roots); err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go http.Serve(l, http.HandlerFunc(n.connect))
	for name, value := range map[string]string{"HTTPS_PROXY": "http://" + l.Addr().String(), "SSL_CERT_FILE": roots, "SSL_CERT_DIR": filepath.Dir(roots), "NO_PROXY": ""} {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	return nil
}

func (n *internet) makeCA(path string) error {
	var err error
	if n.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return err
	}
	n.ca = &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "tests"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, n.ca, n.ca, &n.key.PublicKey, n.key)
	if err != nil {
		return err
	}
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600)
}

// certificate is good for one name.
func (n *internet) certificate(name string) (*tls.Certificate, error) {
	c := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), DNSNames: []string{name}, NotBefore: n.ca.NotBefore, NotAfter: n.ca.NotAfter}
	der, err := x509.CreateCertificate(rand.Reader, c, n.ca, &n.key.PublicKey, n.key)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: n.key}, err
}

// connect is what a client says to a proxy; the rest is TLS.
func (n *internet) connect(w http.ResponseWriter, r *http.Request) {
	name, _, err := net.SplitHostPort(r.Host)
	n.mu.Lock()
	p, known := n.places[name]
	n.mu.Unlock()
	if err != nil || r.Method != http.MethodConnect || !known || p.gate.isShut() {
		http.Error(w, "nobody is there", http.StatusBadGateway)
		return
	}
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if c = p.gate.enter(c); c == nil {
		return
	}
	fmt.Fprint(c, "HTTP/1.1 200 OK\r\n\r\n")
	secure := tls.Server(c, &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return n.certificate(name) }})
	srv := &http.Server{Handler: p.handler, ErrorLog: log.New(io.Discard, "", 0)}
	srv.Serve(&single{conn: secure})
}

// single is a listener with one connection.
type single struct {
	once sync.Once
	conn net.Conn
}

func (s *single) Accept() (c net.Conn, err error) {
	err = io.EOF
	s.once.Do(func() { c, err = s.conn, nil })
	return c, err
}

func (s *single) Close() error   { return nil }
func (s *single) Addr() net.Addr { return s.conn.LocalAddr() }
