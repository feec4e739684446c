package health_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/health"
)

const login = `<html><head><script src="/_static/1/app.js"></script></head><body><form></form></body></html>`

// door serves paths; an empty answer is status 502, as nginx gives it.
func door(t *testing.T, paths map[string]string) health.FrontDoor {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if paths[r.URL.Path] == "" {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		w.Write([]byte(paths[r.URL.Path]))
	}))
	t.Cleanup(srv.Close)
	return health.FrontDoor{Address: strings.TrimPrefix(srv.URL, "http://")}
}

func TestAnswers(t *testing.T) {
	cases := []struct {
		name  string
		paths map[string]string
		want  string // part of the error, "" for none
	}{
		{"all there", map[string]string{"/_health/": "ok", "/auth/login/sentry/": login, "/_static/1/app.js": "x"}, ""},
		{"a page without assets", map[string]string{"/_health/": "ok", "/auth/login/sentry/": "<form></form>"}, ""},
		{"web is down", nil, "/_health/ does not answer as it should: status 502"},
		{"no login page", map[string]string{"/_health/": "ok"}, "/auth/login/sentry/ does not answer"},
		{"something else is there", map[string]string{"/_health/": "ok", "/auth/login/sentry/": "hello"}, "no login page"},
		{"an asset is missing", map[string]string{"/_health/": "ok", "/auth/login/sentry/": login}, "/_static/1/app.js does not answer"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := door(t, c.paths).Answers(t.Context())
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
			if fault.CodeOf(err) != fault.Resumable || fault.HintOf(err) == "" {
				t.Errorf("got code %d and hint %q", fault.CodeOf(err), fault.HintOf(err))
			}
		})
	}
}

func TestRequestsLookLikeTheBrowsers(t *testing.T) {
	var host, proto atomic.Value
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host.Store(r.Host)
		proto.Store(r.Header.Get("X-Forwarded-Proto"))
		w.Write([]byte("<form></form>"))
	}))
	defer srv.Close()
	f := health.FrontDoor{Address: strings.TrimPrefix(srv.URL, "http://"), URL: &url.URL{Scheme: "https", Host: "sentry.example.com"}}
	if err := f.Answers(t.Context()); err != nil {
		t.Fatal(err)
	}
	if host.Load() != "sentry.example.com" || proto.Load() != "https" {
		t.Errorf("got host %v and scheme %v", host.Load(), proto.Load())
	}
}

func TestProveWaitsForTheDoor(t *testing.T) {
	var asked atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) < 3 {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		w.Write([]byte("<form></form>"))
	}))
	defer srv.Close()
	f := health.FrontDoor{Address: strings.TrimPrefix(srv.URL, "http://")}
	if err := f.Prove(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestProveGivesUpWithTheLastCause(t *testing.T) {
	f := door(t, nil)
	f.Limit = 300 * time.Millisecond
	err := f.Prove(t.Context())
	if err == nil || fault.CodeOf(err) != fault.Resumable {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.Prove(ctx); fault.CodeOf(err) != fault.Cancelled {
		t.Errorf("after a cancel: %v", err)
	}
}
