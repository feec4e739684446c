package notify_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sentryctl/sentryctl/internal/backup/notify"
)

// mailServer plays one. With implicit the connection
// begins in TLS, otherwise STARTTLS is offered where there is a certificate.
type mailServer struct {
	cert     *tls.Certificate
	implicit bool
}

// serve gives what it heard on all connections until l is closed.
func (m mailServer) serve(l net.Listener) (heard string) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return heard
		}
		heard += m.hear(conn)
	}
}

func (m mailServer) hear(conn net.Conn) string {
	defer func() { conn.Close() }()
	var all strings.Builder
	if m.implicit {
		conn = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{*m.cert}})
		all.WriteString("TLS\n")
	}
	fmt.Fprint(conn, "220 ready\r\n")
	for r, inData := bufio.NewReader(conn), false; ; {
		line, err := r.ReadString('\n')
		if err != nil {
			return all.String()
		}
		all.WriteString(line)
		switch word := strings.TrimSpace(line); {
		case inData && word != ".":
		case strings.HasPrefix(word, "EHLO") && m.cert != nil:
			fmt.Fprint(conn, "250-box\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n")
		case word == "STARTTLS" && m.cert == nil:
			fmt.Fprint(conn, "502 what is that\r\n")
		case word == "STARTTLS":
			fmt.Fprint(conn, "220 go on\r\n")
			conn = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{*m.cert}})
			r = bufio.NewReader(conn)
			all.WriteString("TLS\n")
		case strings.HasPrefix(word, "AUTH"):
			fmt.Fprint(conn, "235 welcome\r\n")
		case word == "DATA":
			inData = true
			fmt.Fprint(conn, "354 go on\r\n")
		case word == "QUIT":
			fmt.Fprint(conn, "221 bye\r\n")
			return all.String()
		default:
			inData = false
			fmt.Fprint(conn, "250 ok\r\n")
		}
	}
}

// authority makes a certificate for 127.0.0.1 that nobody else trusts, and the
// file to trust it by.
func authority(t *testing.T) (*tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, about, about, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644); err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, path
}

// A mail goes out in the steps of SMTP; a password only over TLS, to a server
// whose certificate is good.
func TestMail(t *testing.T) {
	cert, ca := authority(t)
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	login := "AUTH PLAIN " + base64.StdEncoding.EncodeToString([]byte("\x00ann\x00s3cret"))
	cases := []struct {
		name   string
		server mailServer
		mail   notify.Mail
		want   []string // in this order
		fails  string
	}{
		{"in the clear", mailServer{}, notify.Mail{TLS: "none"}, []string{"MAIL FROM"}, ""},
		{"STARTTLS", mailServer{cert: cert}, notify.Mail{CAFile: ca, User: "ann", PasswordFile: password}, []string{"STARTTLS", "TLS\n", login, "MAIL FROM"}, ""},
		{"implicit TLS", mailServer{cert: cert, implicit: true}, notify.Mail{TLS: "implicit", CAFile: ca, User: "ann", PasswordFile: password}, []string{"TLS\n", login, "MAIL FROM"}, ""},
		{"a certificate that is not trusted", mailServer{cert: cert}, notify.Mail{User: "ann", PasswordFile: password}, nil, "certificate"},
		{"a server without TLS", mailServer{}, notify.Mail{CAFile: ca}, nil, "start TLS"},
		{"a file without a certificate", mailServer{cert: cert}, notify.Mail{CAFile: password}, nil, "holds no certificate"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			heard := make(chan string, 1)
			go func() { heard <- c.server.serve(l) }()
			m := c.mail
			m.Host, m.Port = "127.0.0.1", l.Addr().(*net.TCPAddr).Port
			m.From, m.To = "Sentry <sentry@example.com>", []string{"ops@example.com", "ann@example.com"}
			err = notify.Notifier{Config: notify.Config{Mail: []notify.Mail{m}}}.Send(t.Context(), sample(false))
			l.Close()
			got := <-heard
			if c.fails != "" {
				if err == nil || !strings.Contains(err.Error(), c.fails) || strings.Contains(got, "AUTH PLAIN ") || strings.Contains(got, "MAIL FROM") {
					t.Errorf("got %v after\n%s", err, got)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			rest := got
			for _, want := range append(c.want, "<sentry@example.com>", "RCPT TO:<ops@example.com>", "RCPT TO:<ann@example.com>",
				"To: ops@example.com, ann@example.com\r\n", "Subject: Sentry backup FAILED on box\r\n", "error:   the repository is full") {
				_, after, found := strings.Cut(rest, want)
				if !found {
					t.Fatalf("no %q where it should be in\n%s", want, got)
				}
				rest = after
			}
		})
	}
}
