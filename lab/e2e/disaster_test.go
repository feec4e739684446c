package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/lab/labtest"
)

// A nightly schedule makes a backup under load. Then all that the machine has
// of the site is destroyed, and the repository alone brings it back, though
// the restore is killed on the way.
func TestRestoreAfterADisaster(t *testing.T) {
	s, site := backedUp(t)
	docker(t, s, "exec", s.Prefix+"-web-1", "sentry", "createuser", "--email", "second@example.com", "--password", "of the second user", "--no-superuser", "--no-input")
	password, err := os.ReadFile(filepath.Join(s.Dir, ".sentryctl", "first-admin-password"))
	if err != nil {
		t.Fatal(err)
	}
	door := visitor{t: t, url: s.URL(), users: map[string]string{admin: strings.TrimSpace(string(password)), "second@example.com": "of the second user"}}
	var events []string
	for range 3 {
		found, err := s.Probe().Event(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, found.ID)
	}
	seen := door.sees(events)
	units := t.TempDir()
	sentryctl(t, s, append([]string{"backup", "schedule", "--daily", "03:30", "--using", "cron", "--unit-dir", units, "--verify", "never", "--drill", "never"}, site...)...).exits(0)
	posted := postUntil(t, s, func() { sentryctl(t, s, append([]string{"backup", "run"}, site...)...).exits(0) })
	t.Logf("%d events came in during the backup", len(posted))

	where, secret := repositoryOf(t, s)
	destroy(t, s)
	if got := sentryctl(t, s, "backup", "list", "--repo", where, "--password-file", secret, "--site", s.Dir).exits(0).last("backup"); got.Type == "" {
		t.Error("the repository shows no backup on a machine without a site")
	}
	restore := []string{"restore", "--repo", where, "--password-file", secret, "--site", s.Dir, "--yes", "--ignore", "cpu-count"}
	p := start(t, s, restore...)
	p.until("the install that follows", func(line said) bool { return line.Type == "step_started" && line.ID == "start-stores" })
	p.signal(syscall.SIGKILL)
	p.wait()
	filled := during("fill-volumes", "progress")
	for _, line := range sentryctl(t, s, restore...).exits(0).lines {
		if filled(line) {
			t.Errorf("volume %s was filled again", line.Item)
		}
	}
	noOffsetBeyondItsLog(t, s)
	nothingLeft(t, s)
	if d := cmp.Diff(seen, door.sees(events)); d != "" {
		t.Errorf("through the front door (-before +after):\n%s", d)
	}
	findEvent(t, s)
	drilledWell(t, s, site)
}

// drilledWell drills the newest backup, and reads the report.
func drilledWell(t *testing.T, s *labtest.Site, site []string) {
	t.Helper()
	sentryctl(t, s, append([]string{"backup", "drill"}, site...)...).exits(0)
	reports, err := filepath.Glob(filepath.Join(s.Dir, ".sentryctl", "backup", "drills", "*.json"))
	if err != nil || len(reports) != 1 {
		t.Fatalf("got reports %v, %v", reports, err)
	}
	var report struct {
		Good   bool
		Checks []struct {
			Name string
			Good bool
		}
	}
	data, err := os.ReadFile(reports[0])
	if err == nil {
		err = json.Unmarshal(data, &report)
	}
	if err != nil || !report.Good || len(report.Checks) != 4 {
		t.Errorf("%v; the report says\n%s", err, data)
	}
}

// visitor comes in through the front door, with e-mail and password.
type visitor struct {
	t     *testing.T
	url   string
	users map[string]string
}

// sees gives what Sentry's API shows of users, projects and events.
func (v visitor) sees(events []string) map[string]string {
	v.t.Helper()
	out := map[string]string{}
	for email, password := range v.users {
		out[email] = v.get("/api/0/users/me/", email, password)
	}
	out["projects"] = v.get("/api/0/projects/", admin, v.users[admin])
	for _, id := range events {
		out[id] = v.get("/api/0/projects/sentry/internal/events/"+id+"/", admin, v.users[admin])
	}
	return out
}

func (v visitor) get(path, email, password string) string {
	v.t.Helper()
	req, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, v.url+path, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	req.SetBasicAuth(email, password)
	return read(v.t)(http.DefaultClient.Do(req))
}

// repositoryOf reads where a site's backups are, and the file with the
// password.
func repositoryOf(t *testing.T, s *labtest.Site) (where, password string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.Dir, ".sentryctl", "backup", "repository.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch name {
		case "repo":
			where = value
		case "password_file":
			password = value
		}
	}
	return where, password
}

func selected(t *testing.T, s *labtest.Site, sql string) string {
	t.Helper()
	return strings.Join(docker(t, s, "exec", s.Prefix+"-postgres-1", "psql", "-U", "postgres", "-qAtX", "-c", sql), "\n")
}

// No consumer group stands where its topic has nothing: a fresh host's topics
// begin at 0.
func noOffsetBeyondItsLog(t *testing.T, s *labtest.Site) {
	t.Helper()
	table := docker(t, s, "exec", s.Prefix+"-kafka-1", "kafka-consumer-groups", "--bootstrap-server", "127.0.0.1:9092", "--describe", "--all-groups")
	for _, line := range table {
		f := strings.Fields(line)
		if len(f) < 5 {
			continue
		}
		current, notNumber := strconv.ParseInt(f[3], 10, 64)
		end, alsoNot := strconv.ParseInt(f[4], 10, 64)
		if notNumber == nil && alsoNot == nil && current > end {
			t.Errorf("a group stands beyond the end of its log: %s", line)
		}
	}
}
