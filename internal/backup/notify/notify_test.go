package notify_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/backup/notify"
	"github.com/sentryctl/sentryctl/internal/fault"
)

func sample(ok bool) notify.Notice {
	n := notify.Notice{Site: "/opt/sentry", Host: "box", Version: "25.10.0", Task: "backup", OK: ok, Begun: time.Unix(1800000000, 0).UTC(), Seconds: 61, Text: "a word"}
	if !ok {
		n.Error, n.Hint, n.Code = "the repository is full", "Make room", 6
	}
	return n
}

// ear is a web server that remembers what it was told; it refuses the first
// few times.
type ear struct {
	*httptest.Server
	mu     sync.Mutex
	refuse int
	heard  []string
}

func listen(t *testing.T, refuse int) *ear {
	e := &ear{refuse: refuse}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.refuse > 0 {
			e.refuse--
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		body, _ := io.ReadAll(r.Body)
		e.heard = append(e.heard, r.URL.Path+" "+string(body))
	}))
	t.Cleanup(e.Close)
	return e
}

func TestWebhook(t *testing.T) {
	for _, c := range []struct {
		name   string
		on     notify.When
		ok     bool
		refuse int
		heard  bool
		fails  bool
	}{
		{"always", "", true, 0, true, false},
		{"a failure to one who wants failures", notify.Failure, false, 0, true, false},
		{"a success to one who wants failures", notify.Failure, true, 0, false, false},
		{"at the third attempt", notify.Always, true, 2, true, false},
		{"never reached", notify.Always, true, 3, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := listen(t, c.refuse)
			n := notify.Notifier{Config: notify.Config{Webhooks: []notify.Webhook{{Address: notify.Address{URL: e.URL + "/secret-path"}, On: c.on}}}}
			err := n.Send(t.Context(), sample(c.ok))
			if (err != nil) != c.fails || err != nil && strings.Contains(err.Error(), "secret-path") {
				t.Errorf("got %v", err)
			}
			if (len(e.heard) > 0) != c.heard {
				t.Fatalf("heard %q", e.heard)
			}
			if !c.heard {
				return
			}
			var got notify.Notice
			if err := json.Unmarshal([]byte(strings.TrimPrefix(e.heard[0], "/secret-path ")), &got); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(sample(c.ok), got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestUnreachableWebhookNamesNoAddress(t *testing.T) {
	n := notify.Notifier{Config: notify.Config{Webhooks: []notify.Webhook{{Address: notify.Address{URL: "http://127.0.0.1:1/secret-path"}}}}}
	if err := n.Send(t.Context(), sample(true)); err == nil || strings.Contains(err.Error(), "secret-path") {
		t.Errorf("got %v", err)
	}
}

func TestPing(t *testing.T) {
	e := listen(t, 0)
	file := filepath.Join(t.TempDir(), "url")
	if err := os.WriteFile(file, []byte(e.URL+"/id\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	n := notify.Notifier{Config: notify.Config{Pings: []notify.Ping{{Address: notify.Address{URLFile: file}}}}}
	for _, err := range []error{n.Started(t.Context()), n.Send(t.Context(), sample(true)), n.Send(t.Context(), sample(false))} {
		if err != nil {
			t.Error(err)
		}
	}
	want := []string{"/id/start ", "/id " + sample(true).Body(), "/id/fail " + sample(false).Body()}
	if d := cmp.Diff(want, e.heard); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestCommand(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	n := notify.Notifier{Config: notify.Config{Commands: []notify.Command{{Run: []string{"/bin/sh", "-c", "cat > " + out}}}}}
	if err := n.Send(t.Context(), sample(false)); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(out)
	if err != nil || !strings.Contains(string(data), `"error":"the repository is full"`) {
		t.Errorf("got %s, %v", data, err)
	}
	n.Config.Commands[0].Run = []string{"/bin/sh", "-c", "echo no such channel; exit 3"}
	if err := n.Send(t.Context(), sample(false)); err == nil || !strings.Contains(err.Error(), "no such channel") {
		t.Errorf("got %v", err)
	}
}

func TestRead(t *testing.T) {
	cases := []struct {
		name, text, want string
		mode             os.FileMode
	}{
		{"all of it", "webhooks: [{url: 'https://a.example/x', on: failure}]\nmail: [{host: m, from: a@b.c, to: [d@e.f], user: u, password_file: /p}]\n" +
			"pings: [{url_file: /u}]\ncommands: [{run: [/bin/true]}]\n", "", 0o600},
		{"empty", "", "", 0o600},
		{"others may read it", "", "others may read", 0o644},
		{"a word that is not known", "webhook: []\n", "webhook", 0o600},
		{"no address", "webhooks: [{on: failure}]\n", "url or url_file", 0o600},
		{"another scheme", "pings: [{url: 'ftp://x/y'}]\n", "no http or https", 0o600},
		{"when", "pings: [{url: 'http://x/y', on: sometimes}]\n", "sometimes", 0o600},
		{"a password in the clear", "mail: [{host: m, from: a@b.c, to: [d@e.f], user: u, password_file: /p, tls: none}]\n", "without TLS", 0o600},
		{"a relative program", "commands: [{run: [mail]}]\n", "whole path", 0o600},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "notify.yaml")
			if err := os.WriteFile(path, []byte(c.text), c.mode); err != nil {
				t.Fatal(err)
			}
			_, err := notify.Read(path)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || fault.CodeOf(err) != fault.Usage) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	if c, err := notify.Read(filepath.Join(t.TempDir(), "none")); err != nil || c.Webhooks != nil {
		t.Errorf("no file: %+v, %v", c, err)
	}
}

func TestCancelledNotice(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	n := notify.Notifier{Pause: time.Hour, Config: notify.Config{Webhooks: []notify.Webhook{{Address: notify.Address{URL: "http://127.0.0.1:1/"}}}}}
	if err := n.Send(ctx, sample(true)); err == nil {
		t.Error("it was told")
	}
}
