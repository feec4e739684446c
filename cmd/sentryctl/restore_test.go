package main

import (
	"os"
	"testing"
	"time"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
)

// What a restore is, follows from the site, the backup, and what was begun.
func TestKindOfARestore(t *testing.T) {
	set := func(id string) backup.Set { return backup.Set{Manifest: backup.Manifest{Set: id, Version: "25.10.0"}} }
	begun := func(id string, a backup.Asked, swapping bool) *backup.Restoring {
		n := backup.NewRestoring(set(id), a, time.Unix(0, 0))
		n.Swapping = swapping
		return &n
	}
	part := restoreOptions{volumes: []string{"sentry-data"}}
	tests := map[string]struct {
		version string // of the site; "" for none
		note    *backup.Restoring
		options restoreOptions
		kind    backup.Kind
		under   bool
		code    fault.Code
	}{
		"the same version":                       {version: "25.10.0", kind: backup.Same},
		"a clean machine":                        {kind: backup.Clean},
		"another version":                        {version: "26.8.0", kind: backup.Other},
		"a part":                                 {version: "25.10.0", options: part, kind: backup.Same},
		"a part of nothing":                      {options: part, kind: backup.Clean, code: fault.Usage},
		"a part of another version":              {version: "26.8.0", options: part, kind: backup.Other, code: fault.UpgradeBlocked},
		"nothing to keep":                        {options: restoreOptions{keepHost: true}, kind: backup.Clean, code: fault.Usage},
		"goes on":                                {version: "25.10.0", note: begun("1", backup.Asked{}, true), kind: backup.Same, under: true},
		"goes on, the version is in place":       {version: "25.10.0", note: begun("1", backup.Asked{Kind: backup.Other}, true), kind: backup.Other, under: true},
		"goes on, the files are half there":      {version: "25.10.0", note: begun("1", backup.Asked{Kind: backup.Clean}, false), kind: backup.Clean, under: true},
		"another backup, nothing is replaced":    {version: "25.10.0", note: begun("0", backup.Asked{}, false), kind: backup.Same},
		"another backup, data was replaced":      {version: "25.10.0", note: begun("0", backup.Asked{}, true), kind: backup.Same, code: fault.Resumable},
		"another backup, on what was clean":      {version: "25.10.0", note: begun("0", backup.Asked{Kind: backup.Clean}, false), kind: backup.Clean, code: fault.Resumable},
		"another part of it, data was replaced":  {version: "25.10.0", note: begun("1", backup.Asked{}, true), options: part, kind: backup.Same, code: fault.Resumable},
		"over another version, given up for one": {version: "26.8.0", note: begun("0", backup.Asked{Kind: backup.Other}, false), kind: backup.Other},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			r := restoring{options: c.options, site: &site.Site{Dir: t.TempDir()}, set: set("1")}
			if c.version != "" {
				r.record = site.Record{State: site.Installed, Version: calver.MustParse(c.version)}
				if err := r.site.WriteRecord(r.record); err != nil {
					t.Fatal(err)
				}
			}
			var note backup.Restoring
			if c.note != nil {
				note = *c.note
			}
			err := r.decide(note, c.note != nil)
			if fault.CodeOf(err) != c.code || r.asked.Kind != c.kind || r.under != c.under {
				t.Errorf("got %q, goes on %v, %v; want %q, %v, code %d", r.asked.Kind, r.under, err, c.kind, c.under, c.code)
			}
		})
	}
}

func TestNoBackupIsChosenAmongSites(t *testing.T) {
	of := func(id, project string) backup.Set {
		return backup.Set{Manifest: backup.Manifest{Set: id, Site: project}}
	}
	both := []backup.Set{of("1", "a"), of("2", "b"), of("3", "a")}
	for _, c := range []struct {
		sets []backup.Set
		id   string
		want fault.Code
	}{{both, "", fault.Usage}, {both, "latest", fault.Usage}, {both, "2", fault.OK}, {both, "3", fault.OK}, {both[:1], "", fault.OK}, {nil, "", fault.OK}} {
		if got := fault.CodeOf(oneSite(c.sets, c.id)); got != c.want {
			t.Errorf("%d backups, %q: got %d, want %d", len(c.sets), c.id, got, c.want)
		}
	}
}

// A site goes on with the repository that it came from, unless it has one. What
// is kept is what "backup init" keeps.
func TestARestoredSiteKnowsItsRepository(t *testing.T) {
	tests := map[string]struct {
		has, password string // what the site knows before; the file that the command names
		kind          backup.Kind
		want          string
	}{
		"never had one":                          {want: "repo: /new\n"},
		"never had one, with a file":             {password: "/secret", want: "repo: /new\npassword_file: /secret\n"},
		"has one":                                {has: "repo: /own\n", password: "/secret", want: "repo: /own\n"},
		"of another version, never had one":      {kind: backup.Other, want: "repo: /new\n"},
		"made anew, never had one":               {kind: backup.Clean, want: "repo: /new\n"},
		"made anew, had another":                 {has: "repo: /own\n", kind: backup.Clean, want: "repo: /new\n"},
		"made anew, the same, whose file it has": {has: "repo: /new\npassword_file: /old\n", kind: backup.Clean, want: "repo: /new\npassword_file: /old\n"},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			s := &site.Site{Dir: t.TempDir()}
			if c.has != "" {
				if err := site.WriteFile(repositoryRecordPath(s), []byte(c.has), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			target, err := repository.ParseTarget("/new")
			if err != nil {
				t.Fatal(err)
			}
			r := restoring{site: s, access: repository.Access{Target: target, Password: "hidden"}, asked: backup.Asked{Kind: c.kind}}
			r.options.passwordFile = c.password
			if err := r.rememberRepository(); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(repositoryRecordPath(s))
			if err != nil || string(got) != c.want {
				t.Errorf("got %q, %v; want %q", got, err, c.want)
			}
		})
	}
}
