package machine

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/preflight"
)

func TestListeningAndHolder(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().(*net.TCPAddr).AddrPort()
	everywhere := netip.AddrPortFrom(netip.IPv4Unspecified(), addr.Port())
	for _, a := range []netip.AddrPort{addr, everywhere} {
		if taken, err := Here().Listening(a); err != nil || !taken {
			t.Errorf("%s: taken %t, %v", a, taken, err)
		}
	}
	if got := Here().Holder(addr); !strings.HasSuffix(got, fmt.Sprintf("(pid %d)", os.Getpid())) {
		t.Errorf("holder %q", got)
	}
	l.Close()
	if taken, err := Here().Listening(addr); err != nil || taken {
		t.Errorf("after close: taken %t, %v", taken, err)
	}
	if got := Here().Holder(addr); got != "" {
		t.Errorf("holder after close: %q", got)
	}
}

func TestLocal(t *testing.T) {
	for ip, want := range map[string]bool{"0.0.0.0": true, "::": true, "127.0.0.1": true, "::1": true, "192.0.2.1": false} {
		if got, err := Here().Local(netip.MustParseAddr(ip)); err != nil || got != want {
			t.Errorf("%s: got %t, %v", ip, got, err)
		}
	}
}

func TestProxiesWithoutPasswords(t *testing.T) {
	env := map[string]string{"https_proxy": "http://ada:hunter2@proxy:3128", "HTTP_PROXY": "proxy:3128", "NO_PROXY": "localhost"}
	want := preflight.Proxy{HTTP: "http://proxy:3128", HTTPS: "http://proxy:3128", No: "localhost"}
	if d := cmp.Diff(want, ShellProxy(func(name string) string { return env[name] })); d != "" {
		t.Error(d)
	}
	for in, want := range map[string]string{
		"": "", "http://a:b@h:1/path?q": "http://h:1", "a:b@h:1": "http://h:1", "socks5://h:1": "socks5://h:1", "http://%zz": "(not a URL)",
	} {
		if got := Bare(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestClientProxy(t *testing.T) {
	dir := t.TempDir()
	if got, err := ClientProxy(dir); err != nil || got != (preflight.Proxy{}) {
		t.Errorf("no file: %+v, %v", got, err)
	}
	conf := filepath.Join(dir, "config.json")
	write := func(text string) {
		if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"proxies":{"default":{"httpsProxy":"http://ada:hunter2@proxy:1","noProxy":"x"}}}`)
	if got, err := ClientProxy(dir); err != nil || got != (preflight.Proxy{HTTPS: "http://proxy:1", No: "x"}) {
		t.Errorf("%+v, %v", got, err)
	}
	write(`{"auths":{"x":{"auth":"aHVudGVyMg=="}`)
	if _, err := ClientProxy(dir); err == nil || strings.Contains(err.Error(), "aHVu") {
		t.Errorf("got %v", err)
	}
}

// server speaks TLS; its certificate is known to the dialer returned.
func server(t *testing.T) (host string, trusted Dialer) {
	t.Helper()
	s := httptest.NewTLSServer(http.NotFoundHandler())
	s.Config.ErrorLog = nil
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	direct := func(*url.URL) (*url.URL, error) { return nil, nil }
	return s.Listener.Addr().String(), Dialer{Proxy: direct, TLS: &tls.Config{RootCAs: roots}}
}

func TestReach(t *testing.T) {
	host, d := server(t)
	closed, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	got := d.Reach(t.Context(), []string{host, closed.Addr().String()})
	if got[0].Error != "" || got[0].Took == 0 || got[0].Host != host {
		t.Errorf("%+v", got[0])
	}
	if d := cmp.Diff(preflight.Reach{Host: closed.Addr().String(), Error: "connection refused"}, got[1]); d != "" {
		t.Error(d)
	}
	d.TLS = nil
	if got := d.Reach(t.Context(), []string{host})[0]; !strings.HasPrefix(got.Error, "the certificate is not trusted here: ") {
		t.Errorf("%+v", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := d.Reach(ctx, []string{host})[0]; got.Error == "" {
		t.Errorf("after cancel: %+v", got)
	}
}

// tunnel is a proxy that wants a password and connects to anything.
func tunnel(w http.ResponseWriter, r *http.Request) {
	if _, password, _ := (&http.Request{Header: http.Header{"Authorization": r.Header["Proxy-Authorization"]}}).BasicAuth(); password != "hunter2" {
		w.WriteHeader(http.StatusProxyAuthRequired)
		return
	}
	far, err := net.Dial("tcp", r.Host)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	near, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	_, _ = io.WriteString(near, "HTTP/1.1 200 OK\r\n\r\n")
	go func() { _, _ = io.Copy(far, near); far.Close() }()
	_, _ = io.Copy(near, far)
	near.Close()
}

func TestReachThroughAProxy(t *testing.T) {
	host, d := server(t)
	proxy := httptest.NewServer(http.HandlerFunc(tunnel))
	t.Cleanup(proxy.Close)
	address, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	d.Proxy = func(*url.URL) (*url.URL, error) {
		with := *address
		with.User = url.UserPassword("ada", "hunter2")
		return &with, nil
	}
	if got := d.Reach(t.Context(), []string{host})[0]; got.Error != "" || got.Proxy != proxy.URL {
		t.Errorf("%+v", got)
	}
	d.Proxy = func(*url.URL) (*url.URL, error) { return address, nil }
	if got := d.Reach(t.Context(), []string{host})[0]; got.Error != "the proxy answers 407 Proxy Authentication Required" {
		t.Errorf("%+v", got)
	}
	d.Proxy = func(*url.URL) (*url.URL, error) { return url.Parse("socks5://127.0.0.1:1") }
	if got := d.Reach(t.Context(), []string{host})[0]; got.Error == "" {
		t.Errorf("%+v", got)
	}
}

func TestLookups(t *testing.T) {
	got := Lookups(t.Context(), []string{"127.0.0.1", "::1"})
	if d := cmp.Diff([]preflight.Lookup{{Host: "127.0.0.1"}, {Host: "::1"}}, got); d != "" {
		t.Error(d)
	}
}

func TestComposePlugin(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	const plugin = "usr/libexec/docker/cli-plugins/docker-compose"
	if got, err := root(t, nil).ComposePlugin(t.Context()); err != nil || got != "" {
		t.Errorf("none: %q, %v", got, err)
	}
	if got, err := root(t, map[string]string{plugin: "#!/bin/sh\necho '{\"Version\":\"2.32.2\"}'\n"}).ComposePlugin(t.Context()); err != nil || got != "2.32.2" {
		t.Errorf("got %q, %v", got, err)
	}
	for _, script := range []string{"#!/bin/sh\nexit 1\n", "#!/bin/sh\necho hello\n", "#!/bin/sh\necho '{}'\n"} {
		if got, err := root(t, map[string]string{plugin: script}).ComposePlugin(t.Context()); err == nil {
			t.Errorf("%q: got %q", script, got)
		}
	}
}
