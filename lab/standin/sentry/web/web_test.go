package web

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
	"github.com/sentryctl/sentryctl/lab/standin/sentry/conf"
	"github.com/sentryctl/sentryctl/lab/standin/sentry/db"
)

// server has a database that is away: what is tested here must not need one.
func server(t *testing.T, unhealthy bool) http.Handler {
	t.Helper()
	d, err := db.Open(t.Context(), conf.Database{Host: "/nonexistent", Port: "5432", Name: "postgres", User: "postgres"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	p := &proc.Proc{Role: "sentry", Stderr: io.Discard, Getenv: func(string) string { return "" }}
	return (&Server{Proc: p, Settings: conf.Settings{SecretKey: "k"}, DB: d, Unhealthy: unhealthy}).Handler()
}

func TestWithoutDatabase(t *testing.T) {
	cases := map[string]struct {
		request   string
		unhealthy bool
		status    int
		body      string
	}{
		"health":                    {"GET /_health/", false, 200, "ok"},
		"health when told":          {"GET /_health/", true, 500, "error"},
		"full health":               {"GET /_health/?full", false, 500, `"id":"database"`},
		"login page":                {"GET /auth/login/sentry/", false, 200, "csrfmiddlewaretoken"},
		"login page by its old way": {"GET /auth/login/", false, 302, ""},
		"start page for strangers":  {"GET /", false, 302, ""},
		"asset":                     {"GET /_static/dist/sentry/entrypoints/app.js", false, 200, "app.js"},
		"no asset":                  {"GET /_static/dist/sentry/", false, 404, ""},
		"login without a token":     {"POST /auth/login/sentry/", false, 403, "CSRF"},
		"API":                       {"GET /api/0/", false, 200, `"version":"0"`},
		"API for users":             {"GET /api/0/projects/", false, 401, "credentials"},
		"API that is not there":     {"GET /api/0/nothing/", false, 404, "does not exist"},
		"relay asks for liveness":   {"GET /api/0/relays/live/", false, 200, "true"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			method, target, _ := strings.Cut(c.request, " ")
			w := httptest.NewRecorder()
			server(t, c.unhealthy).ServeHTTP(w, httptest.NewRequest(method, target, nil))
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.body) {
				t.Errorf("got %d and %q, want %d and %q", w.Code, w.Body, c.status, c.body)
			}
		})
	}
}

func TestSessionsEndWithTheKey(t *testing.T) {
	one, two := &Server{Settings: conf.Settings{SecretKey: "one"}}, &Server{Settings: conf.Settings{SecretKey: "two"}}
	sealed := one.seal("1.2")
	if v, ok := one.unseal(sealed); !ok || v != "1.2" {
		t.Errorf("got %q and %t", v, ok)
	}
	for name, bad := range map[string]string{"changed": "2" + sealed[1:], "empty": "", "no seal": "1.2"} {
		if _, ok := one.unseal(bad); ok {
			t.Errorf("%s was taken", name)
		}
	}
	if _, ok := two.unseal(sealed); ok {
		t.Error("another key was taken")
	}
}

func TestMessage(t *testing.T) {
	cases := map[string]struct {
		data map[string]any
		want string
	}{
		"plain":     {map[string]any{"message": "a"}, "a"},
		"object":    {map[string]any{"message": map[string]any{"formatted": "b"}}, "b"},
		"logentry":  {map[string]any{"logentry": map[string]any{"message": "c"}}, "c"},
		"exception": {map[string]any{"exception": map[string]any{"values": []any{map[string]any{"type": "T", "value": "d"}}}}, "T: d"},
		"nothing":   {map[string]any{}, "<unlabeled event>"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := Message(c.data); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
