package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/backup/capture"
	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/internal/backup/repository/repositorytest"
	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/step"
)

// savedSite is a repository with one backup that holds a site's files.
func savedSite(t *testing.T, s *site.Site) (*repository.Repository, backup.Set) {
	t.Helper()
	rep := repositorytest.Open(t, repositorytest.Make(t, filepath.Join(t.TempDir(), "repo")))
	tags := map[string]string{capture.SetTag: "1"}
	w, err := rep.Write(t.Context(), repository.Options{Source: repository.Source{Site: "p", Path: "/site"}, Dir: s.Dir, Tags: tags})
	if err != nil {
		t.Fatal(err)
	}
	text, err := backup.Manifest{Set: "1", Site: "p", Version: "25.10.0", SiteFiles: backup.Saved{Snapshot: w.ID, Root: w.Root}}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	_, err = rep.Write(t.Context(), repository.Options{Source: repository.Source{Site: "p", Path: "/manifest"}, Tags: tags, Files: []repository.File{{Path: "manifest.json", Mode: 0o600, Data: text}}})
	if err != nil {
		t.Fatal(err)
	}
	sets, err := backup.List(t.Context(), rep, "p")
	if err != nil || len(sets) != 1 {
		t.Fatalf("%d backups, %v", len(sets), err)
	}
	return rep, sets[0]
}

// A restore that died while it wrote the site's files finds them half there,
// and goes on all the same.
func TestRestoreGoesOnOverHalfOfTheFiles(t *testing.T) {
	s := &site.Site{Dir: t.TempDir()}
	compose := s.Path("docker-compose.yml")
	if err := os.WriteFile(compose, []byte("services: {}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.WriteRecord(site.Record{State: site.Installed, Version: calver.MustParse("25.10.0"), Project: "p"}); err != nil {
		t.Fatal(err)
	}
	rep, set := savedSite(t, s)
	for name, c := range map[string]struct {
		asked    backup.Asked
		swapping bool
		proven   bool
		mended   bool
	}{
		"the data is in place":  {swapping: true, mended: true},
		"the files alone":       {asked: backup.Asked{ConfigOnly: true}, mended: true},
		"a volume":              {asked: backup.Asked{Volumes: []string{"v"}}, swapping: true},
		"the data is not there": {},
		// What was changed since then, such as the bind address, stays.
		"the site has proven to work": {swapping: true, proven: true},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.Truncate(compose, 0); err != nil {
				t.Fatal(err)
			}
			if err := os.RemoveAll(s.Own("site.yaml")); err != nil {
				t.Fatal(err)
			}
			note := backup.NewRestoring(set, c.asked, time.Unix(0, 0))
			note.Swapping = c.swapping
			if c.proven {
				provenRestore(t, s, note)
			}
			r := restoring{site: s, repository: rep, set: set, options: restoreOptions{configOnly: c.asked.ConfigOnly, volumes: c.asked.Volumes}}
			if err := r.decide(note, true); err != nil {
				t.Fatal(err)
			}
			if err := r.place(t.Context()); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(compose)
			if mended := string(text) == "services: {}" && s.Exists(); mended != c.mended || err != nil {
				t.Errorf("mended: %v, %v", mended, err)
			}
		})
	}
}

// provenRestore is a restore whose last step was cut short.
func provenRestore(t *testing.T, s *site.Site, note backup.Restoring) {
	t.Helper()
	const id = "20260102T030405.000Z-restore"
	if err := os.MkdirAll(s.Own("runs"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(os.RemoveAll(s.Own("runs")), backup.ForgetRestore(s)) })
	journal, err := s.OpenRun(id)
	if err != nil {
		t.Fatal(err)
	}
	defer journal.Close()
	for _, r := range []step.Record{{Kind: step.KindHeader, Header: &step.Header{Run: id, Workflow: restoreWorkflow}}, {Kind: step.KindDone, Step: "prove-restored"}} {
		if err := journal.Append(r); err != nil {
			t.Fatal(err)
		}
	}
	is := func(when, set string, asked backup.Asked, want under) {
		t.Helper()
		want.run = id
		if got, err := restoreUnder(s, set, asked); got != want || err != nil {
			t.Errorf("%s: got %+v, %v; want %+v", when, got, err, want)
		}
	}
	writeNote := func(n backup.Restoring) {
		t.Helper()
		if err := n.Write(s); err != nil {
			t.Fatal(err)
		}
	}
	is("another has its note", note.Set, note.Asked, under{left: true})
	writeNote(note)
	is("cut short", note.Set, note.Asked, under{goesOn: true, proven: true})
	is("another backup", "another", note.Asked, under{left: true})
	is("another part", note.Set, backup.Asked{ConfigOnly: true}, under{left: true})
	if err := finish(journal); err != nil {
		t.Fatal(err)
	}
	clean := note
	clean.Kind = backup.Clean
	writeNote(clean)
	is("another begins after it", note.Set, clean.Asked, under{})
	writeNote(note)
	is("killed before it could say so", note.Set, note.Asked, under{goesOn: true, proven: true})
}
