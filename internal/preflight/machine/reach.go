package machine

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/net/http/httpproxy"

	"github.com/sentryctl/sentryctl/internal/preflight"
)

const reachTimeout = 5 * time.Second

// Lookups resolves names, all at the same time.
func Lookups(ctx context.Context, hosts []string) []preflight.Lookup {
	ctx, cancel := context.WithTimeout(ctx, reachTimeout)
	defer cancel()
	return each(hosts, func(host string) preflight.Lookup {
		if _, err := net.DefaultResolver.LookupHost(ctx, host); err != nil {
			return preflight.Lookup{Host: host, Error: cause(err)}
		}
		return preflight.Lookup{Host: host}
	})
}

// Dialer opens TLS connections the way HTTPS clients do: through the proxy
// that Proxy names for a host.
type Dialer struct {
	Proxy func(*url.URL) (*url.URL, error)
	TLS   *tls.Config // nil: the system's roots
}

// EnvDialer goes through the proxy of the environment.
func EnvDialer() Dialer { return Dialer{Proxy: httpproxy.FromEnvironment().ProxyFunc()} }

// ProxyDialer goes through a given proxy, such as the daemon's.
func ProxyDialer(p preflight.Proxy) Dialer {
	conf := httpproxy.Config{HTTPProxy: p.HTTP, HTTPSProxy: p.HTTPS, NoProxy: p.No}
	return Dialer{Proxy: conf.ProxyFunc()}
}

// Reach opens a TLS connection to each "host" or "host:port", all at the same
// time, and closes it.
func (d Dialer) Reach(ctx context.Context, hosts []string) []preflight.Reach {
	return each(hosts, func(host string) preflight.Reach { return d.reach(ctx, host) })
}

func (d Dialer) reach(ctx context.Context, host string) preflight.Reach {
	ctx, cancel := context.WithTimeout(ctx, reachTimeout)
	defer cancel()
	r := preflight.Reach{Host: host}
	target := withPort(host, "443")
	proxy, err := d.Proxy(&url.URL{Scheme: "https", Host: host})
	if err != nil {
		r.Error = "the proxy's address is not valid"
		return r
	}
	if proxy != nil {
		r.Proxy = Bare(proxy.String())
	}
	start := time.Now()
	if err := d.handshake(ctx, target, proxy); err != nil {
		r.Error = cause(err)
		return r
	}
	r.Took = time.Since(start)
	return r
}

func (d Dialer) handshake(ctx context.Context, target string, proxy *url.URL) error {
	first := target
	if proxy != nil {
		first = withPort(proxy.Host, map[string]string{"https": "443"}[proxy.Scheme])
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", first)
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	if proxy != nil {
		if conn, err = d.tunnel(ctx, conn, target, proxy); err != nil {
			return err
		}
	}
	_, err = d.secure(ctx, conn, target)
	return err
}

// tunnel asks an HTTP proxy to connect to target.
func (d Dialer) tunnel(ctx context.Context, conn net.Conn, target string, proxy *url.URL) (net.Conn, error) {
	if proxy.Scheme != "http" && proxy.Scheme != "https" {
		return nil, fmt.Errorf("a proxy of kind %q is not tried", proxy.Scheme)
	}
	var err error
	if proxy.Scheme == "https" {
		if conn, err = d.secure(ctx, conn, proxy.Host); err != nil {
			return nil, fmt.Errorf("the proxy: %w", err)
		}
	}
	req := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: target}, Host: target, Header: http.Header{}}
	if proxy.User != nil {
		password, _ := proxy.User.Password()
		req.Header.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(proxy.User.Username()+":"+password)))
	}
	if err := req.Write(conn); err != nil {
		return nil, fmt.Errorf("the proxy: %w", err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), req)
	if err != nil {
		return nil, fmt.Errorf("the proxy: %w", err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the proxy answers %s", resp.Status)
	}
	return conn, nil
}

func (d Dialer) secure(ctx context.Context, conn net.Conn, address string) (net.Conn, error) {
	conf := &tls.Config{}
	if d.TLS != nil {
		conf = d.TLS.Clone()
	}
	conf.ServerName = (&url.URL{Host: address}).Hostname()
	c := tls.Client(conn, conf)
	return c, c.HandshakeContext(ctx)
}

func withPort(host, port string) string {
	if port == "" {
		port = "80"
	}
	if u := (&url.URL{Host: host}); u.Port() == "" {
		return net.JoinHostPort(u.Hostname(), port)
	}
	return host
}

// cause says in a few words why a connection failed.
func cause(err error) string {
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return "the name does not resolve"
	case errors.As(err, &dns):
		return "the name server does not answer"
	case errors.As(err, &cert):
		return "the certificate is not trusted here: " + cert.Err.Error()
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, net.ErrClosed):
		return fmt.Sprintf("no answer within %s", reachTimeout)
	}
	return err.Error()
}

// each calls f for all of in at the same time and keeps the order.
func each[In, Out any](in []In, f func(In) Out) []Out {
	out := make([]Out, len(in))
	var wg sync.WaitGroup
	for i, v := range in {
		wg.Go(func() { out[i] = f(v) })
	}
	wg.Wait()
	return out
}
