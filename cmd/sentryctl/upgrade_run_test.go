package main

import (
	"errors"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/catalog"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/step"
	"github.com/sentryctl/sentryctl/internal/upgrade"
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

// A hop that did not begin leaves the way back of the one before it.
func TestTheHopBeforeOneThatDidNotBegin(t *testing.T) {
	s := newTestSite(t, "25.5.1")
	rec, err := s.ReadRecord()
	if err != nil {
		t.Fatal(err)
	}
	noted := upgrade.Begun{Run: "r2", Set: "s2", Hop: upgrade.Hop{From: rec.Version, To: calver.MustParse("25.9.0")}, Repo: "/srv/backup"}
	if _, err := hopBefore(s, rec, noted); fault.CodeOf(err) != fault.Usage {
		t.Errorf("no hop went well: got %v", err)
	}
	list := `{"run":"r1","from":"24.8.0","to":"25.5.1","set":"s1"}`
	if err := site.WriteFile(s.Own("upgrade", "previous", "list.json"), []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
	want := upgrade.Begun{Run: "r1", Set: "s1", Hop: upgrade.Hop{From: calver.MustParse("24.8.0"), To: rec.Version}, Repo: "/srv/backup"}
	got, err := hopBefore(s, rec, noted)
	if d := cmp.Diff(want, got, cmpopts.EquateComparable(calver.Version{})); err != nil || d != "" {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
	rec.Version = calver.MustParse("24.8.0")
	if _, err := hopBefore(s, rec, noted); fault.CodeOf(err) != fault.Usage {
		t.Errorf("it was taken back: got %v", err)
	}
}

// What goes on with a path, from whatever directory, asks for the rest of it as
// the path was asked for.
func TestTheRestOfAPathIsAskedForAsThePathWas(t *testing.T) {
	t.Chdir(t.TempDir())
	here, err := os.Getwd()
	c, loadErr := catalog.Load()
	if err := errors.Join(err, loadErr); err != nil {
		t.Fatal(err)
	}
	o := upgradeOptions{releases: "trees", source: "https://example.com/r.tar.gz", catalog: "newer.yaml", profile: "errors-only", keepCheckpoints: true}
	b := o.begin(c, plan.Hop{}, []release.Tree{{}}, plan.Plan{})
	got := restOfPath(b, backupOptions{site: "/s"})
	want := upgradeOptions{backupOptions: backupOptions{site: "/s"}, to: plan.Plan{}.To.String(), yes: true, releases: here + "/trees", source: o.source,
		catalog: here + "/newer.yaml", profile: o.profile, keepCheckpoints: true}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
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
