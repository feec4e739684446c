package backup_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/site"
)

// tree gives the files below a directory with what is in them.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		out[rel] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func plant(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for path, text := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, path)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, path), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// move is one rename of an exchange.
type move struct{ from, to string }

// Wherever an exchange of files is cut short, it goes on to the same end: the
// backup's files are in place, those of before are kept, and what belongs to
// the machine has not moved.
func TestExchangeGoesOn(t *testing.T) {
	const in, out = ".sentryctl/backup/incoming/", ".sentryctl/backup/replaced/"
	record := func(version string) string { return "schema: 1\nstate: installed\nversion: " + version + "\n" }
	moves := []move{
		{".env", out + ".env"}, {"only-new", out + "only-new"}, {"sentry", out + "sentry"},
		{".sentryctl/releases", out + ".sentryctl/releases"}, {"", out + "all-here"},
		{in + ".sentryctl/releases", ".sentryctl/releases"}, {in + ".sentryctl/site.yaml", ".sentryctl/site.yaml"}, {in + ".env", ".env"}, {in + "sentry", "sentry"},
	}
	for cut := range len(moves) + 1 {
		s := &site.Site{Dir: t.TempDir()}
		plant(t, s.Dir, map[string]string{
			".env": "new", "only-new": "new", "sentry/config.yml": "new", ".sentryctl/site.yaml": record("25.10.0"), ".sentryctl/releases/25.10.0/x": "new",
			".sentryctl/runs/1.jsonl": "journal", ".sentryctl/history.jsonl": "history", ".sentryctl/lock": "lock",
			in + ".env": "old", in + "sentry/config.yml": "old", in + ".sentryctl/site.yaml": record("24.8.0"), in + ".sentryctl/releases/24.8.0/x": "old",
			in + ".sentryctl/history.jsonl": "of another machine",
		})
		if cut > 0 {
			plant(t, s.Dir, map[string]string{out + ".sentryctl/site.yaml": record("25.10.0")})
		}
		for _, m := range moves[:cut] {
			var err error
			if m.from == "" {
				err = os.WriteFile(filepath.Join(s.Dir, m.to), nil, 0o600)
			} else {
				err = os.Rename(filepath.Join(s.Dir, m.from), filepath.Join(s.Dir, m.to))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			if err := backup.Exchange(s); err != nil {
				t.Fatalf("cut after %d moves: %v", cut, err)
			}
		}
		got := tree(t, s.Dir)
		if text := got[".sentryctl/site.yaml"]; !strings.Contains(text, "state: installing") || !strings.Contains(text, "version: 24.8.0") {
			t.Errorf("cut after %d moves: the record is\n%s", cut, text)
		}
		delete(got, ".sentryctl/site.yaml")
		want := map[string]string{
			".env": "old", "sentry/config.yml": "old", ".sentryctl/releases/24.8.0/x": "old", ".sentryctl/runs/1.jsonl": "journal",
			".sentryctl/history.jsonl": "history", ".sentryctl/lock": "lock", out + "all-here": "", out + ".env": "new", out + "only-new": "new",
			out + "sentry/config.yml": "new", out + ".sentryctl/site.yaml": record("25.10.0"), out + ".sentryctl/releases/25.10.0/x": "new",
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("cut after %d moves (-want +got):\n%s", cut, d)
		}
	}
}
