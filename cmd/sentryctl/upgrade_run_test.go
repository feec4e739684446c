package main

import (
	"testing"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/step"
	"github.com/sentryctl/sentryctl/internal/upgrade/plan"
)

// While an upgrade waits for a yes, another one may take the site away, or leave
// a hop half done.
func TestAnUpgradeOfASiteThatAnotherRunHasChanged(t *testing.T) {
	s := newTestSite(t, "25.5.1")
	p := plan.Plan{From: calver.MustParse("25.5.1")}
	if err := asPlanned(s, p); err != nil {
		t.Fatal(err)
	}
	if err := s.WriteRecord(site.Record{State: site.Installed, Version: calver.MustParse("25.9.0")}); err != nil {
		t.Fatal(err)
	}
	if err := asPlanned(s, p); fault.CodeOf(err) != fault.UpgradeBlocked {
		t.Errorf("another version: got %v", err)
	}
	journal, err := s.OpenRun("20260102T030405.000Z-upgrade")
	if err != nil {
		t.Fatal(err)
	}
	defer journal.Close()
	if err := journal.Append(step.Record{Kind: step.KindHeader, Header: &step.Header{Workflow: upgradeWorkflow}}); err != nil {
		t.Fatal(err)
	}
	if err := asPlanned(s, p); fault.CodeOf(err) != fault.Resumable {
		t.Errorf("a hop under way: got %v", err)
	}
}

// newTestSite is an installed site of which there is only the record.
func newTestSite(t *testing.T, version string) *site.Site {
	t.Helper()
	s, err := site.At(t.TempDir())
	if err == nil {
		err = s.Create()
	}
	if err == nil {
		err = s.WriteRecord(site.Record{State: site.Installed, Version: calver.MustParse(version)})
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}
