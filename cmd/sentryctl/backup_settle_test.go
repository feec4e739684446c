package main

import (
	"strings"
	"testing"
	"time"

	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/step"
	"github.com/sentryctl/sentryctl/internal/upgrade"
)

// A backup closes those before it that were cut short, and is told what else
// is half done, which stays as it is.
func TestABackupIsToldWhatIsHalfDone(t *testing.T) {
	cases := []struct {
		name string
		runs []string // workflows, none of which came to its end
		want string
	}{
		{"nothing", nil, ""},
		{"backups", []string{"backup", "backup"}, ""},
		{"an upgrade", []string{"upgrade"}, "upgrade 20260102T030400.000Z-upgrade did not come to its end, so files and databases may be of two versions"},
		{"a rollback below a backup", []string{"rollback", "backup"}, "rollback 20260102T030400.000Z-rollback did not come to its end, so files"},
		{"a restore", []string{"restore"}, "so some volumes may be of the backup that was to come back"},
		{"an install", []string{"install"}, "so what it had still to make is not there"},
		{"settings", []string{"apply"}, "so the files may be newer than what the services run with"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := &site.Site{Dir: t.TempDir()}
			if err := s.Create(); err != nil {
				t.Fatal(err)
			}
			for i, workflow := range c.runs {
				j, err := s.OpenRun(site.NewRunID(time.Date(2026, 1, 2, 3, 4, i, 0, time.UTC), workflow))
				if err == nil {
					err = j.Append(step.Record{Kind: step.KindHeader, Header: &step.Header{Workflow: workflow, Aside: workflow == backupWorkflow}})
				}
				if err != nil {
					t.Fatal(err)
				}
				j.Close()
			}
			for range 2 { // it is seen by every backup
				got, err := settleBackup(t.Context(), s, nil)
				if err != nil || (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
					t.Errorf("got %q, %v; want %q", got, err, c.want)
				}
			}
			last, unfinished, err := s.Unfinished()
			if h, _ := step.HeaderOf(last.Records); err != nil || unfinished != (c.want != "") || unfinished && h.Workflow != c.runs[0] {
				t.Errorf("got %s, %v, %v", last.ID, unfinished, err)
			}
		})
	}
}

// An upgrade that was cut short between two hops is gone on with, whether or
// not a backup was made since. Settings that were applied since end it.
func TestTheRestOfAnUpgradeIsSeenPastABackup(t *testing.T) {
	for workflow, want := range map[string]bool{backupWorkflow: true, applyWorkflow: false} {
		t.Run(workflow, func(t *testing.T) {
			s := &site.Site{Dir: t.TempDir()}
			if err := s.Create(); err != nil {
				t.Fatal(err)
			}
			hop := site.NewRunID(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), upgradeWorkflow)
			if err := upgrade.WriteNote(s, upgrade.Begun{Run: hop, Target: "26.8.0"}); err != nil {
				t.Fatal(err)
			}
			for id, h := range map[string]step.Header{
				hop: {Workflow: upgradeWorkflow, Steps: []step.ID{"record-version"}},
				site.NewRunID(time.Date(2026, 1, 2, 4, 0, 0, 0, time.UTC), workflow): {Workflow: workflow, Steps: []step.ID{"record-version"}, Aside: workflow == backupWorkflow},
			} {
				j, err := s.OpenRun(id)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range []step.Record{{Kind: step.KindHeader, Header: &h}, {Kind: step.KindDone, Step: "record-version"}, {Kind: step.KindFinished}} {
					if err := j.Append(r); err != nil {
						t.Fatal(err)
					}
				}
				j.Close()
			}
			last, unfinished, err := s.Unfinished()
			if err != nil || unfinished {
				t.Fatal(last.ID, err)
			}
			if _, cut, err := betweenHops(s, "25.10.0", last); err != nil || cut != want {
				t.Errorf("got %v, %v, want %v", cut, err, want)
			}
		})
	}
}
