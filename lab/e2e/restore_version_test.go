package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/lab/labtest"
)

// destroy removes all that the machine has of a site.
func destroy(t *testing.T, s *labtest.Site) {
	t.Helper()
	docker(t, s, append([]string{"rm", "-f"}, docker(t, s, "ps", "-aq", "--filter", "label=com.docker.compose.project="+s.Prefix)...)...)
	docker(t, s, append([]string{"volume", "rm"}, docker(t, s, "volume", "ls", "-q", "--filter", "name="+s.Prefix)...)...)
	if err := os.RemoveAll(s.Dir); err != nil {
		t.Fatal(err)
	}
}

// A site of another version gives way to the backup's version and data, when
// that is asked for. Its own data goes last.
func TestRestoreOverAnotherVersion(t *testing.T) {
	labtest.Long(t)
	s := labtest.NewSite(t)
	dir := t.TempDir()
	repo, password := filepath.Join(dir, "repo"), filepath.Join(dir, "password")
	if err := os.WriteFile(password, []byte("correct horse battery staple\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	at := []string{"--site", s.Dir}
	with := append([]string{"--repo", repo, "--password-file", password}, at...)
	sentryctl(t, s, install(s, s.Release("24.8.0"), "24.8.0")...).exits(0)
	old, err := s.Probe().Event(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	users := selected(t, s, "SELECT count(*) FROM auth_user")
	sentryctl(t, s, append([]string{"backup", "init"}, with...)...).exits(0)
	sentryctl(t, s, append([]string{"backup", "create"}, at...)...).exits(0)
	destroy(t, s)

	sentryctl(t, s, install(s, s.Release("25.10.0"), "25.10.0", "--url", "http://kept.example")...).exits(0)
	before := containers(t, s)
	restore := append(append([]string{"restore"}, with...), "--yes", "--ignore", "cpu-count")
	refused := sentryctl(t, s, restore...).exits(5).last("error")
	if !strings.Contains(refused.Hint, "--install-version") {
		t.Errorf("got hint %q", refused.Hint)
	}
	sentryctl(t, s, append(restore, "--install-version", "--volume", "sentry-postgres")...).exits(5)
	if touched := differing(before, containers(t, s)); len(touched) > 0 {
		t.Errorf("a refusal touched %v", touched)
	}

	p := start(t, s, append(restore, "--install-version", "--keep-host")...)
	p.until("the exchange of the files", func(line said) bool { return line.Type == "step_started" && line.ID == "restore-site" })
	p.signal(syscall.SIGKILL)
	p.wait()
	sentryctl(t, s, "install", "--site", s.Dir, "--yes").exits(6)
	sentryctl(t, s, "resume", "--site", s.Dir).exits(0)

	_, rec, err := site.Open(s.Dir)
	if err != nil || rec.Version.String() != "24.8.0" || rec.State != site.Installed {
		t.Errorf("got %s %s, %v", rec.State, rec.Version, err)
	}
	if got := selected(t, s, "SELECT count(*) FROM auth_user"); got != users {
		t.Errorf("got %s users, want %s", got, users)
	}
	if err := s.Probe().Find(t.Context(), old.ProjectID, old.ID); err != nil {
		t.Errorf("the event of the backup: %v", err)
	}
	findEvent(t, s)
	noOffsetBeyondItsLog(t, s)
	config, err := os.ReadFile(filepath.Join(s.Dir, "sentry", "config.yml"))
	if err != nil || !strings.Contains(string(config), "http://kept.example") {
		t.Errorf("the URL was not kept: %v", err)
	}
	nothingLeft(t, s)
}

// nothingLeft fails when a restore that came to its end has left something.
func nothingLeft(t *testing.T, s *labtest.Site) {
	t.Helper()
	for _, name := range docker(t, s, "volume", "ls", "-q", "--filter", "name="+s.Prefix) {
		if strings.HasSuffix(name, "-restore") {
			t.Errorf("volume %s is left", name)
		}
	}
	for _, name := range []string{"incoming", "replaced", "restore.json"} {
		if _, err := os.Lstat(filepath.Join(s.Dir, ".sentryctl", "backup", name)); err == nil {
			t.Errorf("%s is left", name)
		}
	}
}
