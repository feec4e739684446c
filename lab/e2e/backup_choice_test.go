package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/lab/labtest"
)

// newest is the manifest of the newest backup, as it is shown.
func newest(t *testing.T, s *labtest.Site) backup.Manifest {
	t.Helper()
	cmd := exec.Command(labtest.Binary(t), "backup", "show", "--site", s.Dir, "--output", "json")
	cmd.Env = s.Env()
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("show the newest backup: %v", err)
	}
	var m backup.Manifest
	if err := json.Unmarshal(out, &m); err != nil {
		t.Fatalf("read the manifest: %v\n%s", err, out)
	}
	return m
}

// reasonFor is why a backup leaves a volume out, "taken" when it does not.
func reasonFor(m backup.Manifest, name string) string {
	if slices.ContainsFunc(m.Volumes, func(v backup.SavedVolume) bool { return v.Name == name && v.Files > 0 }) {
		return "taken"
	}
	for _, v := range m.Omitted {
		if v.Name == name {
			return v.Reason
		}
	}
	return "not told of"
}

// A cold backup rests everything from a clean end on, promises no time for it,
// lets all go on, and brings the site back.
func TestColdBackupComesBack(t *testing.T) {
	labtest.Long(t)
	s, at := backedUp(t)
	found, err := s.Probe().Event(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	users, before := selected(t, s, "SELECT count(*) FROM auth_user"), services(t, s)
	made := sentryctl(t, s, append([]string{"backup", "create", "--mode", "cold"}, at...)...).exits(0)
	if !slices.ContainsFunc(made.lines, func(l said) bool { return strings.HasSuffix(l.Text, "rest now, until all volumes are read") }) {
		t.Errorf("it is not said for how long services rest\n%s", made.tail)
	}
	if d := cmp.Diff(before, services(t, s)); d != "" {
		t.Errorf("services (-before +after):\n%s", d)
	}
	m := newest(t, s)
	if m.Mode != backup.Cold || m.Profile != "feature-complete" || m.Downtime.Rest == 0 || m.Downtime.Predicted != 0 || m.Downtime.UI == 0 {
		t.Errorf("the manifest says: %s, %q, %+v", m.Mode, m.Profile, m.Downtime)
	}
	if rested := m.Rested.All(); len(rested) != len(before) {
		t.Errorf("of %d services there rested %v", len(before), rested)
	}
	selected(t, s, "INSERT INTO auth_user (username, email, password, is_active, is_superuser, is_staff, date_joined) SELECT 'late', 'late@example.com', '', true, false, false, now()")
	sentryctl(t, s, append([]string{"restore", "--yes"}, at...)...).exits(0)
	if got := selected(t, s, "SELECT count(*) FROM auth_user"); got != users {
		t.Errorf("got %s users, want %s", got, users)
	}
	if err := s.Probe().Find(t.Context(), found.ProjectID, found.ID); err != nil {
		t.Errorf("the event of before: %v", err)
	}
	findEvent(t, s)
}

// The admin's word about volumes counts, what is not there is left out or
// missed, and what is half done is told.
func TestVolumesOfABackupAreChosen(t *testing.T) {
	labtest.Long(t)
	s, at := backedUp(t)
	create := append([]string{"backup", "create"}, at...)
	sentryctl(t, s, append(create, "--exclude", "sentry-nginx-ww")...).exits(64)

	docker(t, s, "rm", "-f", s.Prefix+"-smtp-1")
	docker(t, s, "volume", "rm", s.Prefix+"_sentry-smtp")
	sentryctl(t, s, append(create, "--exclude", "sentry-nginx-www", "--include", s.Prefix+"-kafka")...).exits(0)
	m, got := newest(t, s), map[string]string{}
	for _, name := range []string{"sentry-postgres", "sentry-kafka", "sentry-nginx-www", "sentry-smtp", "sentry-nginx-cache"} {
		got[name] = reasonFor(m, name)
	}
	want := map[string]string{"sentry-postgres": "taken", "sentry-kafka": "taken", "sentry-nginx-www": "left out on request",
		"sentry-smtp": "the Engine has no such volume", "sentry-nginx-cache": "a cache, which fills by itself"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("volumes (-want +got):\n%s", d)
	}

	// An upgrade that was cut short is told of, and still there after a backup that was forced.
	id := site.NewRunID(time.Now(), "upgrade")
	run := filepath.Join(s.Dir, ".sentryctl", "runs", id+".jsonl")
	header := `{"kind":"header","time":"2030-01-01T00:00:00Z","header":{"run":"x","workflow":"upgrade","version":"25.11.0","tool":"dev","digest":"","steps":[]}}` + "\n"
	if err := os.WriteFile(run, []byte(header), 0o600); err != nil {
		t.Fatal(err)
	}
	halfDone := "upgrade " + id + " did not come to its end, so files and databases may be of two versions"
	for range 2 {
		if refused := sentryctl(t, s, create...).exits(4).last("error"); !strings.Contains(refused.Error, halfDone) || !strings.Contains(refused.Hint, "sentryctl resume") {
			t.Errorf("got %q, hint %q", refused.Error, refused.Hint)
		}
		forced := sentryctl(t, s, append(create, "--force")...).exits(0)
		if !slices.ContainsFunc(forced.lines, func(l said) bool { return l.Type == "notice" && strings.Contains(l.Text, halfDone) }) {
			t.Errorf("nothing is said of it\n%s", forced.tail)
		}
		if m := newest(t, s); !strings.Contains(m.Guarantees, halfDone) {
			t.Errorf("the manifest says %q", m.Guarantees)
		}
	}
	if err := os.Remove(run); err != nil {
		t.Fatal(err)
	}

	// A database's volume that was lost is no empty volume.
	docker(t, s, "rm", "-f", s.Prefix+"-redis-1")
	docker(t, s, "volume", "rm", s.Prefix+"-redis")
	if refused := sentryctl(t, s, create...).exits(4).last("error"); !strings.Contains(refused.Error, "volume "+s.Prefix+"-redis is gone") {
		t.Errorf("got %q", refused.Error)
	}
	if have := docker(t, s, "volume", "ls", "-q", "--filter", "name="+s.Prefix+"-redis"); len(have) > 0 {
		t.Errorf("there is a volume now: %v", have)
	}
}
