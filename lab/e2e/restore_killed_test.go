package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/step"
	"github.com/sentryctl/sentryctl/lab/labtest"
)

// A restore into a site that runs is killed in each of its steps. The same
// command, or resume, goes on, and comes to what was backed up. What is
// replaced is there until the front door has answered.
func TestKilledRestoreGoesOn(t *testing.T) {
	labtest.Long(t)
	s, site := backedUp(t)
	found, err := s.Probe().Event(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sentryctl(t, s, append([]string{"backup", "create"}, site...)...).exits(0)
	whole, data := seen(t, s), tables(t, s)
	query(t, s, "DELETE FROM django_migrations")
	marker := filepath.Join(s.Dir, "sentry", "config.yml")
	if err := os.Truncate(marker, 0); err != nil {
		t.Fatal(err)
	}

	restore := append([]string{"restore", "--yes"}, site...)
	resume := append([]string{"resume"}, site...)
	next := restore
	for i, one := range backup.RestoreSteps() {
		if one.ID == "bring-images" {
			continue // only over another version
		}
		p := start(t, s, next...)
		p.until("the step "+string(one.ID), func(line said) bool { return line.Type == "step_started" && line.ID == string(one.ID) })
		p.signal(syscall.SIGKILL)
		p.wait()
		lockIsFree(t, s)
		if r := lastRecord(t, s); r.Kind != step.KindStarted && r.Kind != step.KindDone {
			t.Errorf("killed in %s, the journal ends with %s %s", one.ID, r.Kind, r.Step)
		}
		if one.ID != "remove-replaced" && i > 2 {
			oldIsThere(t, s, string(one.ID))
		}
		next = restore
		if i%2 == 0 && i > 0 {
			next = resume
		}
	}
	sentryctl(t, s, next...).exits(0)
	if d := cmp.Diff(whole, seen(t, s)); d != "" {
		t.Errorf("the site (-before +after):\n%s", d)
	}
	if d := cmp.Diff(data, tables(t, s)); d != "" {
		t.Errorf("tables (-before +after):\n%s", d)
	}
	if info, err := os.Stat(marker); err != nil || info.Size() == 0 {
		t.Errorf("the configuration is not back: %v", err)
	}
	if n := stored(t, s, found.ID); n != "1" {
		t.Errorf("the event of before is there %s times", n)
	}
	postgresIsWell(t, s)
	nothingLeft(t, s)
	findEvent(t, s)
	sentryctl(t, s, resume...).exits(64)
}

// seen is what observe tells, but for the history, which begins with the first
// run that closed a door.
func seen(t *testing.T, s *labtest.Site) state {
	t.Helper()
	st := observe(t, s)
	st.Files = slices.DeleteFunc(st.Files, func(f string) bool { return strings.HasSuffix(f, " .sentryctl/history.jsonl") })
	return st
}

// oldIsThere fails when not both the data in use and its replacement are
// there.
func oldIsThere(t *testing.T, s *labtest.Site, killed string) {
	t.Helper()
	all := docker(t, s, "volume", "ls", "-q", "--filter", "name="+s.Prefix)
	waiting := 0
	for _, name := range all {
		if strings.HasSuffix(name, "-restore") {
			waiting++
		}
	}
	if waiting == 0 {
		t.Errorf("killed in %s: what is replaced is gone", killed)
	}
}
