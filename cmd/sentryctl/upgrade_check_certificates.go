package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/upgrade/gate"
)

// expiresSoon is when a certificate is worth a warning.
const expiresSoon = 14 * 24 * time.Hour

// certificateChecks looks at the site's own certificates: those of authorities
// that it trusts, and that of its front door where nginx itself speaks TLS.
func certificateChecks(ctx context.Context, s *site.Site, a config.Answers, m release.Model, now time.Time) []gate.Check {
	out := authorities(now, a.CustomCA, s.Path("certificates"))
	u, err := url.Parse(a.URL)
	if err != nil || u.Scheme != "https" {
		return out
	}
	for _, p := range m.Ports {
		if p.Service != "nginx" || p.Target != 443 {
			continue // a proxy before it speaks TLS
		}
		host := p.HostIP
		if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
			host = "127.0.0.1"
		}
		out = append(out, frontCertificate(ctx, net.JoinHostPort(host, p.Published), u.Hostname(), now)...)
	}
	return out
}

// authorities looks at the .crt files of directories, each file once.
func authorities(now time.Time, dirs ...string) []gate.Check {
	var out []gate.Check
	seen := map[string]bool{}
	for _, dir := range dirs {
		paths, err := filepath.Glob(filepath.Join(dir, "*.crt"))
		if dir == "" || err != nil {
			continue
		}
		for _, path := range paths {
			if data, err := os.ReadFile(path); err != nil {
				out = append(out, gate.Check{Text: err.Error(), Hint: "Make it readable", Blocks: true})
			} else if !seen[string(data)] {
				seen[string(data)] = true
				out = append(out, authority(path, data, now)...)
			}
		}
	}
	return out
}

// authority judges a PEM file. It has expired when its last certificate has.
func authority(path string, data []byte, now time.Time) []gate.Check {
	var last *x509.Certificate
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return []gate.Check{{Text: fmt.Sprintf("%s: %v", path, err), Hint: "Replace it by a certificate in PEM form", Blocks: true}}
		}
		if last == nil || cert.NotAfter.After(last.NotAfter) {
			last = cert
		}
	}
	if last == nil {
		return []gate.Check{{Text: path + " holds no PEM certificate", Hint: "Replace it by a certificate in PEM form", Blocks: true}}
	}
	return expiry(path, last, now, "Replace it by the authority's present certificate, or remove it")
}

func expiry(what string, c *x509.Certificate, now time.Time, hint string) []gate.Check {
	switch {
	case now.After(c.NotAfter):
		return []gate.Check{{Text: fmt.Sprintf("%s has expired on %s", what, c.NotAfter.Format(time.DateOnly)), Hint: hint, Blocks: true}}
	case now.Before(c.NotBefore):
		return []gate.Check{{Text: fmt.Sprintf("%s is valid from %s only", what, c.NotBefore.Format(time.DateOnly)), Hint: hint, Blocks: true}}
	case now.Add(expiresSoon).After(c.NotAfter):
		return []gate.Check{{Text: fmt.Sprintf("%s expires on %s", what, c.NotAfter.Format(time.DateOnly)), Hint: hint}}
	}
	return nil
}

// frontCertificate asks a port that speaks TLS for its certificate. Who has
// signed it is for browsers to judge.
func frontCertificate(ctx context.Context, address, host string, now time.Time) []gate.Check {
	const hint = "Renew the certificate of your front door"
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	d := tls.Dialer{Config: &tls.Config{ServerName: host, InsecureSkipVerify: true}} // only looked at; nothing is sent
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return []gate.Check{{Text: fmt.Sprintf("%s does not speak TLS: %v", address, err), Hint: hint}}
	}
	defer conn.Close()
	tlsConn, is := conn.(*tls.Conn)
	if !is || len(tlsConn.ConnectionState().PeerCertificates) == 0 {
		return []gate.Check{{Text: address + " shows no certificate", Hint: hint, Blocks: true}}
	}
	cert := tlsConn.ConnectionState().PeerCertificates[0]
	out := expiry("the certificate of "+address, cert, now, hint)
	var wrong x509.HostnameError
	if err := cert.VerifyHostname(host); errors.As(err, &wrong) {
		out = append(out, gate.Check{Text: fmt.Sprintf("the certificate of %s is not for %s", address, host), Hint: hint, Blocks: true})
	}
	return out
}
