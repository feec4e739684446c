package upgrade

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/install"
	"github.com/sentryctl/sentryctl/internal/site"
)

type tree map[string]string

// newHop makes a site of 25.5.1 with its own files, and the release to go to.
func newHop(t *testing.T, old, next, own tree) *Env {
	t.Helper()
	s, err := site.At(filepath.Join(t.TempDir(), "site"))
	if err == nil {
		err = s.Create()
	}
	if err != nil {
		t.Fatal(err)
	}
	h := Hop{From: calver.MustParse("25.5.1"), To: calver.MustParse("25.10.0")}
	write(t, s.ReleaseDir(h.From), old)
	write(t, s.ReleaseDir(h.To), next)
	write(t, s.Dir, own)
	if err := s.WriteRecord(site.Record{State: site.Installed, Version: h.From}); err != nil {
		t.Fatal(err)
	}
	return &Env{Hop: h, Run: "r1", Set: "s1", Site: s, Sink: event.Discard{}, Work: Work{
		Render: func(calver.Version, fs.FS, fs.FS) ([]install.File, error) { return nil, nil },
	}}
}

func write(t *testing.T, dir string, files tree) {
	t.Helper()
	for name, text := range files {
		if err := site.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func read(t *testing.T, dir string) tree {
	t.Helper()
	out := tree{}
	err := walkFiles(dir, func(rel string, _ fs.DirEntry) error {
		data, err := os.ReadFile(filepath.Join(dir, rel))
		out[rel] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func stage(t *testing.T, e *Env) {
	t.Helper()
	if err := stageSite().Run(context.Background(), e); err != nil {
		t.Fatal(err)
	}
}

func TestTheHopsFilesGoInAndComeBackOut(t *testing.T) {
	e := newHop(t,
		tree{"docker-compose.yml": "old", "nginx.conf": "a\nb\nc\nd\ne\n", "gone.yml": "x", "edited-and-gone.txt": "1\n", "sentry/config.example.yml": "one\n", "blob": "\x00old"},
		tree{"docker-compose.yml": "new", "nginx.conf": "a\nb\nc\nd\nE\n", "fresh/added": "f", "sentry/config.example.yml": "one\ntwo\n", "blob": "\x00new"},
		tree{"docker-compose.yml": "old", "nginx.conf": "mine\nb\nc\nd\ne\n", "gone.yml": "x", "sentry/config.example.yml": "one\n", "sentry/config.yml": "one\n", "blob": "\x00old",
			"docker-compose.override.yml": "override", ".env.custom": "A=1"},
	)
	before := read(t, e.Site.Dir)
	stage(t, e)
	if got := read(t, e.Site.Dir); cmp.Diff(before, got) != "" {
		t.Fatalf("staging changed the site: %s", cmp.Diff(before, got))
	}
	p, err := e.keepPrevious()
	if err == nil {
		err = p.apply(e.Site)
	}
	if err == nil {
		err = p.apply(e.Site) // a crash in between makes it happen twice
	}
	if err != nil {
		t.Fatal(err)
	}
	want := tree{"docker-compose.yml": "new", "nginx.conf": "mine\nb\nc\nd\nE\n", "fresh/added": "f", "sentry/config.example.yml": "one\ntwo\n", "sentry/config.yml": "one\ntwo\n",
		"blob": "\x00new", "docker-compose.override.yml": "override", ".env.custom": "A=1"}
	if d := cmp.Diff(want, read(t, e.Site.Dir)); d != "" {
		t.Errorf("after the hop: %s", d)
	}
	rec, err := e.Site.ReadRecord()
	if err != nil || rec.Version != e.Hop.From {
		t.Errorf("the record says %s (%v) before the gate", rec.Version, err)
	}
	kept, found, err := ReadPlaced(e.Site)
	if err != nil || !found {
		t.Fatalf("no note of what was replaced: %v", err)
	}
	for range 2 {
		if err := kept.PutBack(e.Site); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff(before, read(t, e.Site.Dir)); d != "" {
		t.Errorf("after the way back: %s", d)
	}
}

func TestAConflictStopsBeforeAnythingIsStaged(t *testing.T) {
	e := newHop(t, tree{"docker-compose.yml": "a\n"}, tree{"docker-compose.yml": "b\n"}, tree{"docker-compose.yml": "mine\n"})
	err := stageSite().Run(context.Background(), e)
	if fault.CodeOf(err) != fault.PreflightBlocked {
		t.Errorf("got %v", err)
	}
	if present(StageDir(e.Site)) {
		t.Error("a stage is there")
	}
}

func TestEventsOfBeforeStayReadable(t *testing.T) {
	conf := "X = 1\nSENTRY_NODESTORE_OPTIONS = {\n    \"compression\": True,\n}\n"
	through := "X = 1\nSENTRY_NODESTORE_OPTIONS = {\n    \"read_through\": True,\n    \"delete_through\": True,\n    \"compression\": True,\n}\n"
	cases := []struct {
		name, from, to, conf, want string
	}{
		{"the hop moves the store", "25.5.1", "25.10.0", conf, through},
		{"it was moved before", "25.9.0", "25.10.0", conf, conf},
		{"it is not moved yet", "24.8.0", "25.5.1", conf, conf},
		{"it is there already", "25.5.1", "25.10.0", through, through},
		{"the admin's own store", "25.5.1", "25.10.0", "X = 1\n", "X = 1\n"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, _ := readThrough(Hop{From: calver.MustParse(c.from), To: calver.MustParse(c.to)}, []byte(c.conf))
			if d := cmp.Diff(c.want, string(got)); d != "" {
				t.Error(d)
			}
		})
	}
}
