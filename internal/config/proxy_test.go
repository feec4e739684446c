package config

import (
	"strings"
	"testing"

	"github.com/sentryctl/sentryctl/internal/fault"
)

func TestReverseProxy(t *testing.T) {
	for _, kind := range ProxyKinds() {
		t.Run(kind, func(t *testing.T) {
			got, err := ReverseProxy(kind, Answers{URL: "https://sentry.example.com", Bind: "127.0.0.1:9100"})
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "testdata/proxy-"+kind+".golden", string(got))
			if !strings.Contains(string(got), "/_health/") {
				t.Error("it does not know the health check")
			}
		})
	}
	for name, c := range map[string]struct{ kind, url, want string }{
		"no URL":       {"nginx", "", "a reverse proxy needs the site's URL"},
		"unknown kind": {"apache", "https://s", `no example for the reverse proxy "apache"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ReverseProxy(c.kind, Answers{URL: c.url})
			if err == nil || err.Error() != c.want || fault.CodeOf(err) != fault.Usage {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}
