package site_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/step"
)

func newSite(t *testing.T) *site.Site {
	t.Helper()
	s, err := site.At(filepath.Join(t.TempDir(), "sentry"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Create(); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCreateClosesTheDirectoryToOthers(t *testing.T) {
	s := newSite(t)
	info, err := os.Stat(s.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o700 {
		t.Errorf("got mode %o, want 700", got)
	}
}

func TestRecordReadsBack(t *testing.T) {
	s := newSite(t)
	want := site.Record{
		Schema: 1, State: site.Installed, Version: calver.MustParse("25.10.0"), Source: "dir:/r", Digest: "sha256:1",
		Project: "sentry-self-hosted", Tool: "dev", InstalledAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	}
	if err := s.WriteRecord(want); err != nil {
		t.Fatal(err)
	}
	_, got, err := site.Open(s.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(calver.Version{})); d != "" {
		t.Error(d)
	}
}

func TestOpenFaults(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	os.WriteFile(file, nil, 0o600)
	broken := newSite(t)
	os.WriteFile(broken.Own("site.yaml"), []byte("\tnot yaml"), 0o600)
	newer := newSite(t)
	os.WriteFile(newer.Own("site.yaml"), []byte("schema: 99\n"), 0o600)
	cases := []struct {
		name, dir string
		want      fault.Code
	}{
		{"no site", t.TempDir(), fault.NoSite},
		{"absent", "/nonexistent/sentry", fault.NoSite},
		{"a file", file, fault.Usage},
		{"broken record", broken.Dir, fault.Integrity},
		{"record of a newer tool", newer.Dir, fault.Other},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := site.Open(c.dir)
			if got := fault.CodeOf(err); got != c.want {
				t.Errorf("got %d (%v), want %d", got, err, c.want)
			}
			if fault.HintOf(err) == "" {
				t.Errorf("no hint: %v", err)
			}
		})
	}
}

func TestForeignNamesWhatIsInTheWay(t *testing.T) {
	cases := []struct {
		name  string
		files []string
		want  string
	}{
		{"empty", nil, ""},
		{"only the admin's override", []string{"docker-compose.override.yml"}, ""},
		{"an upstream checkout", []string{"docker-compose.yml", "install.sh"}, "docker-compose.yml"},
		{"ours", []string{".sentryctl/site.yaml", "docker-compose.yml"}, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			for _, f := range c.files {
				if err := site.WriteFile(filepath.Join(dir, f), nil, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			s, err := site.At(dir)
			if err != nil {
				t.Fatal(err)
			}
			got, err := s.Foreign()
			if err != nil || got != c.want {
				t.Errorf("got %q, %v; want %q", got, err, c.want)
			}
		})
	}
}

func TestSecondRunIsRefusedByName(t *testing.T) {
	s := newSite(t)
	unlock, err := s.Lock("sentryctl install")
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Lock("sentryctl backup")
	if got := fault.CodeOf(err); got != fault.Locked {
		t.Fatalf("got %d (%v), want %d", got, err, fault.Locked)
	}
	for _, want := range []string{"pid ", "sentryctl install"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not name %q", err, want)
		}
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Lock("sentryctl backup"); err != nil {
		t.Errorf("after unlock: %v", err)
	}
}

func TestWriteFileKeepsLinksAndSetsTheMode(t *testing.T) {
	dir := t.TempDir()
	real := filepath.Join(dir, "real")
	link := filepath.Join(dir, "link")
	os.WriteFile(real, []byte("old"), 0o644)
	os.Symlink(real, link)
	if err := site.WriteFile(link, []byte("new"), 0o600); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(link)
	if err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v, %v", info, err)
	}
	info, _ = os.Stat(real)
	if data, _ := os.ReadFile(real); string(data) != "new" || info.Mode().Perm() != 0o600 {
		t.Errorf("got %q mode %o", data, info.Mode().Perm())
	}
}

// What is half done stays known until a run has settled it: a backup that was
// forced, or a run that was refused, hides nothing.
func TestUnfinishedIsSeenPastWhatLeavesItAsItIs(t *testing.T) {
	end := step.Record{Kind: step.KindFinished}
	did := []step.Record{{Kind: step.KindDone, Step: "check"}, end}
	refused := []step.Record{{Kind: step.KindFailed, Step: "check"}, end}
	type run struct {
		workflow string
		aside    bool
		more     []step.Record
	}
	upgrade, backup := run{workflow: "upgrade"}, run{"backup", true, did}
	cases := []struct {
		name string
		runs []run
		want int // the run that is returned
		open bool
	}{
		{"the newest", []run{{"install", false, did}, upgrade}, 1, true},
		{"past a backup", []run{upgrade, backup}, 0, true},
		{"past two backups, one of which failed", []run{upgrade, backup, {"backup", true, refused}}, 0, true},
		{"past one that was refused", []run{upgrade, {"restore", false, refused}}, 0, true},
		{"past one that was given up before its first step", []run{upgrade, {"restore", false, []step.Record{end}}}, 0, true},
		{"past a restore of parts", []run{upgrade, {"restore", true, did}}, 0, true},
		{"a backup itself", []run{upgrade, {"backup", true, nil}}, 1, true},
		{"a restore of all settles it", []run{upgrade, {"restore", false, did}, backup}, 1, false},
		{"a rollback, when its hop is closed", []run{{"upgrade", false, refused}, {"rollback", false, did}}, 1, false},
		{"a step that failed once and then went well", []run{upgrade, {"install", false, append(refused[:1:1], did...)}}, 1, false},
		{"only backups", []run{backup, backup}, 1, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t)
			var ids []string
			for i, r := range c.runs {
				ids = append(ids, site.NewRunID(time.Date(2026, 1, 2, 3, 4, i, 0, time.UTC), r.workflow))
				j, err := s.OpenRun(ids[i])
				if err != nil {
					t.Fatal(err)
				}
				for _, rec := range append([]step.Record{{Kind: step.KindHeader, Header: &step.Header{Workflow: r.workflow, Aside: r.aside, Steps: []step.ID{"check"}}}}, r.more...) {
					if err := j.Append(rec); err != nil {
						t.Fatal(err)
					}
				}
				j.Close()
			}
			got, open, err := s.Unfinished()
			if err != nil || open != c.open || got.ID != ids[c.want] {
				t.Errorf("got %q, %v, %v; want %q, %v", got.ID, open, err, ids[c.want], c.open)
			}
		})
	}
}
