package sentry

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sentryctl/sentryctl/lab/standin/bus"
	"github.com/sentryctl/sentryctl/lab/standin/proc"
	"github.com/sentryctl/sentryctl/lab/standin/sentry/conf"
	"github.com/sentryctl/sentryctl/lab/standin/sentry/db"
	"github.com/sentryctl/sentryctl/lab/standin/sentry/nodestore"
	"github.com/sentryctl/sentryctl/lab/standin/sentry/pgtest"
	"github.com/sentryctl/sentryctl/lab/standin/sentry/web"
)

// site is a configuration on disk and a real database.
type site struct {
	t   *testing.T
	env map[string]string
}

func newSite(t *testing.T) *site {
	t.Helper()
	server := pgtest.Start(t)
	dir := t.TempDir()
	py := `from sentry.conf.server import *
DATABASES = {"default": {"ENGINE": "sentry.db.postgres", "NAME": "postgres", "USER": "postgres", "HOST": "` + server.Host + `", "PORT": ""}}
`
	for name, content := range map[string]string{"sentry.conf.py": py, "config.yml": "system.secret-key: 'k'\nmail.host: 'smtp'\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := &site{t: t, env: map[string]string{"SENTRY_CONF": dir, "STANDIN_VERSION": "25.10.0"}}
	c := s.settings()
	d, err := db.Open(t.Context(), c.Database)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := proc.Retry(t.Context(), s.proc("", io.Discard), "postgres", d.Ping); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *site) proc(stdin string, out io.Writer, args ...string) *proc.Proc {
	return &proc.Proc{Role: "sentry", Args: args, Stdin: strings.NewReader(stdin), Stdout: out, Stderr: io.Discard,
		Getenv: func(k string) string { return s.env[k] }}
}

func (s *site) settings() conf.Settings {
	c, err := conf.Load(s.proc("", io.Discard))
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

// sentry runs a command and returns its output and exit code.
func (s *site) sentry(stdin string, args ...string) (string, int) {
	var out bytes.Buffer
	err := Run(s.t.Context(), s.proc(stdin, &out, args...))
	text := out.String()
	if err != nil {
		text += err.Error()
	}
	return text, proc.Code(s.t.Context(), err)
}

func TestCommands(t *testing.T) {
	s := newSite(t)
	fixture := filepath.Join(t.TempDir(), "users.json")
	steps := []struct {
		args  string
		stdin string
		code  int
		want  string
	}{
		{"--version", "", 0, "sentry, version 25.10.0"},
		{"--help", "", 0, "createuser"},
		{"upgrade --noinput", "", 0, "Created internal Sentry project"},
		{"upgrade --noinput", "", 0, "No migrations to apply"},
		{"migrations list", "", 0, "[X] sentry.0990_key_use_case"},
		{"createuser --email a@example.com --superuser", "pw\npw\n", 0, "User created: a@example.com"},
		{"createuser --email a@example.com --superuser", "pw\npw\n", 1, "exists, use --force-update"},
		{"createuser --email a@example.com --superuser --password new --force-update", "", 0, "User updated"},
		{"createuser --email b@example.com --no-superuser --password x --no-input", "", 0, "User created"},
		{"createuser --email c@example.com --superuser", "pw\nother\n", 1, "do not match"},
		{"createuser --no-input --password x --superuser", "", 1, "email address"},
		{"createuser --email d@example.com --no-superuser --no-input", "", 1, "No password set"},
		{"config set system.admin-email x@example.com", "", 0, "Updated key"},
		{"config get system.admin-email", "", 0, "x@example.com"},
		{"config get mail.host", "", 0, "smtp"},
		{"config list", "", 0, "system.admin-email: x@example.com"},
		{"config delete system.admin-email", "", 0, "Deleted"},
		{"config get system.admin-email", "", 1, "unknown option"},
		{"permissions add -u a@example.com -p users.admin", "", 0, ""},
		{"permissions list -u a@example.com", "", 0, "users.admin"},
		{"export users --filter-usernames b@example.com -", "", 0, `"sentry.useremail"`},
		{"export global " + fixture, "", 0, ""},
		{"import global " + fixture, "", 0, ""},
		{"import users -", "{}", 1, "no JSON list"},
		{"cleanup --days 90", "", 0, "Removed 0 nodes"},
		{"cleanup --days x", "", 2, "not a valid integer"},
		{"exec -", "# a comment\nimport os\nprint(\"it's\")\n", 0, "it's"},
		{"exec -", "Project.objects.all().delete()\n", 1, "NotImplementedError"},
		{"django showmigrations", "", 0, "[X]"},
		{"run nonsense", "", 2, "No such command"},
		{"run consumer nonsense", "", 2, "No consumer named"},
		{"no-such-program-anywhere", "", 127, "not found"},
	}
	for _, step := range steps {
		out, code := s.sentry(step.stdin, strings.Fields(step.args)...)
		if code != step.code || !strings.Contains(out, step.want) {
			t.Errorf("sentry %s: got exit %d and %q, want %d and %q", step.args, code, out, step.code, step.want)
		}
	}
}

func TestCommandsBeforeScopesAndTopics(t *testing.T) {
	s := newSite(t)
	s.env["STANDIN_VERSION"] = "23.6.2"
	if out, code := s.sentry("", "upgrade", "--noinput"); code != 0 {
		t.Fatal(out)
	}
	if out, code := s.sentry("", "upgrade", "--noinput", "--create-kafka-topics"); code != 2 {
		t.Errorf("got exit %d and %q, want a flag that is not known", code, out)
	}
	if out, code := s.sentry("", "export"); code != 0 || !strings.Contains(out, `"sentry.projectkey"`) {
		t.Errorf("export without a scope: exit %d, %q", code, out)
	}
}

const eventID = "fc6d8c0c43fc4630ad850ee518f1b9d0"

// TestEventIsFound takes an event from the ingest topic to the page of a user
// who logged in, over a real database and a Snuba that remembers.
func TestEventIsFound(t *testing.T) {
	s := newSite(t)
	for _, args := range []string{"upgrade --noinput", "createuser --email a@example.com --superuser --password pw"} {
		if out, code := s.sentry("", strings.Fields(args)...); code != 0 {
			t.Fatal(out)
		}
	}
	rows := map[string]bus.Event{}
	snuba := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		data := []map[string]any{}
		for id, e := range rows {
			if r.URL.Path == "/events/snql" && strings.Contains(string(body), id) && strings.Contains(string(body), "project_id = 1 ") {
				data = append(data, map[string]any{"event_id": id, "group_id": e.GroupID, "timestamp": e.Datetime})
			}
		}
		json.NewEncoder(w).Encode(map[string]any{"data": data}) //nolint:errcheck // the client sees it
	}))
	defer snuba.Close()
	s.env["SNUBA"] = snuba.URL
	c := s.settings()
	d, err := db.Open(t.Context(), c.Database)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	nodes := nodestore.New(c, d)
	in := &ingest{proc: s.proc("", io.Discard), db: d, nodes: nodes, orgs: map[int64]int64{}, send: func(_ context.Context, rs ...bus.Record) error {
		for _, r := range rs {
			if e, ok, err := bus.DecodeEvent(r.Value); err == nil && ok && r.Topic == bus.Events {
				rows[e.EventID] = e
			}
		}
		return nil
	}}
	front := httptest.NewServer((&web.Server{Proc: in.proc, Settings: c, DB: d, Nodes: nodes}).Handler())
	defer front.Close()
	path := "/api/0/projects/sentry/internal/events/" + eventID + "/"
	client := login(t, front.URL, "a@example.com", "pw")

	if status, _ := get(t, client, front.URL+path); status != http.StatusNotFound {
		t.Errorf("before: got %d, want 404", status)
	}
	message, err := json.Marshal(bus.Ingest{Type: "event", EventID: eventID, ProjectID: 1, StartTime: 1700000000, Payload: []byte(`{"message":"it's here"}`)})
	if err != nil {
		t.Fatal(err)
	}
	gone := bytes.Replace(message, []byte(`"project_id":1`), []byte(`"project_id":99`), 1)
	err = in.handle(t.Context(), []bus.Record{{Topic: bus.IngestEvents, Value: []byte("{")}, {Topic: bus.IngestEvents, Value: gone}, {Topic: bus.IngestEvents, Value: message}})
	if err != nil || len(rows) != 1 {
		t.Fatalf("handle: %v, %d events told to snuba, want 1", err, len(rows))
	}
	if status, body := get(t, client, front.URL+path); status != http.StatusOK || !strings.Contains(body, "it's here") || !strings.Contains(body, "2023-11-14T22:13:20") || strings.Contains(body, "e+") {
		t.Errorf("after: got %d and %s", status, body)
	}
	if status, _ := get(t, http.DefaultClient, front.URL+path); status != http.StatusUnauthorized {
		t.Errorf("a stranger got %d", status)
	}
	basic := strings.Replace(front.URL, "http://", "http://a%40example.com:pw@", 1)
	if status, _ := get(t, http.DefaultClient, basic+path); status != http.StatusOK {
		t.Errorf("e-mail and password got %d", status)
	}
}

var csrfField = regexp.MustCompile(`name="csrfmiddlewaretoken" value="([^"]+)"`)

func login(t *testing.T, base, email, password string) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	_, page := get(t, client, base+"/")
	field := csrfField.FindStringSubmatch(page)
	if field == nil {
		t.Fatalf("no login form: %s", page)
	}
	resp, err := client.PostForm(base+"/auth/login/sentry/", url.Values{"op": {"login"}, "username": {email}, "password": {password}, "csrfmiddlewaretoken": field[1:]})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if status, body := get(t, client, base+"/api/0/users/me/"); status != http.StatusOK || !strings.Contains(body, email) {
		t.Fatalf("after the login: got %d and %s", status, body)
	}
	return client
}

func get(t *testing.T, client *http.Client, address string) (int, string) {
	t.Helper()
	resp, err := client.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}
