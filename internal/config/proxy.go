package config

import (
	"bytes"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"text/template"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/templates"
)

// ProxyKinds returns the reverse proxies that ReverseProxy writes an example for.
func ProxyKinds() []string { return []string{"nginx", "caddy", "traefik", "haproxy"} }

// ReverseProxy returns an example configuration of a reverse proxy that ends
// TLS in front of the site that the answers describe.
func ReverseProxy(kind string, a Answers) ([]byte, error) {
	u, err := url.Parse(a.URL)
	if err != nil || u.Hostname() == "" {
		return nil, fault.New(fault.Usage, "Set url, such as https://sentry.example.com", "a reverse proxy needs the site's URL")
	}
	t, err := template.ParseFS(templates.FS, "proxy/"+kind+".tmpl")
	if err != nil {
		return nil, fault.New(fault.Usage, "Choose one of "+strings.Join(ProxyKinds(), ", "), "no example for the reverse proxy %q", kind)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, struct{ Name, Upstream string }{u.Hostname(), upstream(a)}); err != nil {
		return nil, fmt.Errorf("render reverse proxy: %w", err)
	}
	return b.Bytes(), nil
}

// upstream is where a proxy on the same host reaches Sentry.
func upstream(a Answers) string {
	port := a.Port()
	if port == 0 {
		port = 9000
	}
	host := "127.0.0.1"
	if i := strings.LastIndexByte(a.Bind, ':'); i >= 0 {
		if ip := net.ParseIP(strings.Trim(a.Bind[:i], "[]")); ip != nil && !ip.IsUnspecified() {
			host = ip.String()
		}
	}
	return net.JoinHostPort(host, strconv.Itoa(port))
}

// head returns a template without fields as lines.
func head(name string) (string, error) {
	b, err := templates.FS.ReadFile(name)
	if err != nil {
		return "", fmt.Errorf("read template: %w", err)
	}
	return string(b), nil
}
