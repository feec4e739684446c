package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sentryctl/sentryctl/internal/catalog"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/upgrade/policy"
)

// A rehearsal takes its time. What nobody watches begins only what was
// rehearsed, on the site as it is when the rehearsal is over.
func TestWhatARehearsalFindsChangedDoesNotBegin(t *testing.T) {
	t.Setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
	const (
		another = "sed -i 's/version: .*/version: 25.5.1/' .sentryctl/site.yaml\n"
		begun   = `echo '{"run":"20260102T040000.000Z-upgrade","hop":{"From":"24.8.0","To":"25.5.1"},"target":"25.10.0"}' >.sentryctl/upgrade/hop.json
for record in '"header","header":{"workflow":"upgrade","version":"25.5.1"}' '"started","step":"stop-services"'; do
	echo '{"kind":'"$record"',"time":"2026-01-02T04:00:00Z"}'
done >.sentryctl/runs/20260102T040000.000Z-upgrade.jsonl
`
		cutBackup = `echo '{"kind":"header","header":{"workflow":"backup"}}' >.sentryctl/runs/20260102T040000.000Z-backup.jsonl` + "\n"
	)
	for _, c := range []struct {
		name, rehearsal string
		unmet           string // clause and reason; none: go
		code            fault.Code
	}{
		{"nothing", "", "", 0},
		{"a copy that fails", `echo '{"type":"error","code":6,"error":"failed at migrate-database"}'; exit 6`, "rehearse: the rehearsal failed: failed at migrate-database", 0},
		{"another upgrade went part of the way", another, "rehearse: the rehearsal failed: the path is another by now", 0},
		{"another upgrade is under way", begun, "", fault.Resumable},
		{"a backup was cut short", cutBackup, "unfinished: the run 20260102T040000.000Z-backup did not come to its end", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newTestSite(t, "24.8.0")
			u := &unattended{policy: policy.Policy{Steps: policy.Any, Rehearse: true}, taskRun: taskRun{site: s, log: io.Discard, program: fakeProgram(t, s.Dir, c.rehearsal)}}
			var err error
			if u.catalog, err = catalog.Load(); err == nil {
				u.record, err = s.ReadRecord()
			}
			if err == nil {
				err = os.MkdirAll(s.Own("upgrade"), 0o700)
			}
			if err != nil {
				t.Fatal(err)
			}
			p, some, err := u.planTo(t.Context(), "25.10.0")
			if err != nil || !some || len(p.Hops) < 2 {
				t.Fatalf("got %v, %v, want a path of several hops", p, err)
			}
			again, unmet, err := u.rehearse(t.Context(), p)
			if got := fault.CodeOf(err); err != nil && got != c.code || err == nil && c.code != 0 {
				t.Fatalf("got %v, want code %d", err, c.code)
			}
			if asked, readErr := os.ReadFile(filepath.Join(s.Dir, "asked")); readErr != nil || !strings.HasPrefix(string(asked), "upgrade --rehearse --to 25.10.0 ") {
				t.Errorf("rehearsed by %q, %v", asked, readErr)
			}
			if err == nil && again.To != p.To {
				t.Errorf("goes to %s, rehearsed was %s", again.To, p.To)
			}
			var got []string
			for _, n := range unmet {
				got = append(got, n.Clause+": "+n.Why)
			}
			if text := strings.Join(got, "; "); (text == "") != (c.unmet == "") || !strings.HasPrefix(text, c.unmet) {
				t.Errorf("got %q, want %q", text, c.unmet)
			}
		})
	}
}

// fakeProgram is a sentryctl that runs a script in the site instead, and keeps
// what it was asked for.
func fakeProgram(t *testing.T, dir, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sentryctl")
	if err := os.WriteFile(path, []byte("#!/bin/sh\nset -e\ncd '"+dir+"'\necho \"$*\" >asked\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}
