package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/step"
	"github.com/sentryctl/sentryctl/lab/labtest"
	"github.com/sentryctl/sentryctl/lab/probe"
)

// the versions of the upgrade that is tested: ClickHouse climbs a rung on the
// way, the node store moves, services come and go.
const older, newer = "25.5.1", "25.10.0"

// before is a site of the older version with an event, and the directory of
// the releases to go to.
type before struct {
	*labtest.Site
	releases string
	event    probe.Found
	names    string // of users and projects
}

func beforeUpgrade(t *testing.T, from string, to ...string) before {
	t.Helper()
	return beforeUpgradeWith(t, nil, from, to...)
}

// beforeUpgradeWith gives install more flags.
func beforeUpgradeWith(t *testing.T, flags []string, from string, to ...string) before {
	t.Helper()
	b := before{Site: labtest.NewSite(t), releases: t.TempDir()}
	for _, version := range []string{"22.8.15.25.altinitystable", "23.3.19.33.altinitystable", "24.8.14.10459.altinitystable"} {
		rungImage(t, b.Site, version)
	}
	sentryctl(t, b.Site, install(b.Site, b.Release(from), from, flags...)...).exits(0)
	found, err := b.Probe().Event(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.event, b.names = found, names(t, b.Site)
	for _, version := range to {
		b.release(t, version)
	}
	return b
}

// release puts a release among those to go to.
func (b before) release(t *testing.T, version string) {
	t.Helper()
	if err := os.Rename(b.Release(version), filepath.Join(b.releases, version)); err != nil {
		t.Fatal(err)
	}
}

// rungImage makes the image of a ClickHouse between those of two releases,
// under the name by which the world knows it.
func rungImage(t *testing.T, s *labtest.Site, version string) {
	t.Helper()
	id := strings.Join(docker(t, s, "create", "sentryctl-lab/clickhouse:23.8.11.29.altinitystable"), "")
	docker(t, s, "commit", "--change", "ENV STANDIN_CLICKHOUSE_VERSION="+version, id, "altinity/clickhouse-server:"+version)
	docker(t, s, "rm", id)
}

func (b before) upgrade(more ...string) []string {
	return append([]string{"upgrade", "--site", b.Dir, "--to", newer, "--releases", b.releases, "--yes"}, more...)
}

// serves asks whether the site is of a version, well, and has what it had.
func (b before) serves(t *testing.T, version string) {
	t.Helper()
	b.recorded(t, version)
	sentryctl(t, b.Site, "health", "--canary", "--site", b.Dir).exits(0)
	b.hasNames(t)
	b.hasEvent(t)
}

// recorded asks whether the site's record names a version, and no run is unfinished.
func (b before) recorded(t *testing.T, version string) {
	t.Helper()
	record, unfinished := records(t, b.Site)
	if want := "installed " + version + " site"; record != want || len(unfinished) > 0 {
		t.Errorf("got %q, unfinished %v; want %q", record, unfinished, want)
	}
}

func (b before) hasNames(t *testing.T) {
	t.Helper()
	if diff := cmp.Diff(b.names, names(t, b.Site)); diff != "" {
		t.Errorf("users and projects (-before +after):\n%s", diff)
	}
}

// names are those of all users, and the slugs and names of all projects.
func names(t *testing.T, s *labtest.Site) string {
	t.Helper()
	return selected(t, s, "SELECT 'user ' || username FROM auth_user UNION ALL SELECT 'project ' || slug || ': ' || name FROM sentry_project ORDER BY 1")
}

func (b before) hasEvent(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := b.Probe().Find(ctx, b.event.ProjectID, b.event.ID); err != nil {
		t.Errorf("the event of before: %v", err)
	}
}

// An upgrade keeps users and events, loses none that comes in meanwhile, and
// leads back by hand with what was there before. What the newer release took
// from Kafka is read again by the older one.
func TestUpgradeAndRollback(t *testing.T) {
	labtest.Long(t)
	b := beforeUpgrade(t, older, newer)
	sentryctl(t, b.Site, b.upgrade()...).exits(0)
	b.serves(t, newer)
	since, err := b.Probe().Event(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sentryctl(t, b.Site, "rollback", "--site", b.Dir, "--yes").exits(0)
	b.serves(t, older)
	allStored(t, b.Site, []string{since.ID})
}

// breaking gives what writes a release's .env anew with one more line, which breaks it.
func (b before) breaking(t *testing.T, version string) (with func(t *testing.T, line string)) {
	t.Helper()
	env := filepath.Join(b.releases, version, ".env")
	whole, err := os.ReadFile(env)
	if err != nil {
		t.Fatal(err)
	}
	return func(t *testing.T, line string) {
		t.Helper()
		if err := os.WriteFile(env, append(slices.Clone(whole), "\n"+line+"\n"...), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// A release that is broken leads back to the former one by itself, with its
// data, whichever way it is broken: its migration fails, its web never becomes
// healthy, or it looks healthy and loses events, which only the canary sees.
func TestBrokenReleaseRollsBack(t *testing.T) {
	labtest.Long(t)
	b := beforeUpgrade(t, older, newer)
	with := b.breaking(t, newer)
	for i, c := range []struct{ broken, fails string }{
		{"STANDIN_MIGRATION=fail", "migrate-database"},
		{"STANDIN_DROP_EVENTS=1", "health-gate"},
		{"STANDIN_WEB=unhealthy", "start-services"},
	} {
		t.Run(c.broken, func(t *testing.T) {
			with(t, c.broken)
			e := sentryctl(t, b.Site, b.upgrade("--hop-timeout", "5m")...).exits(6)
			if text := e.last("error").Error; !strings.Contains(text, "back at "+older) {
				t.Errorf("got %q", text)
			}
			if failed := e.last("step_failed").ID; failed != c.fails {
				t.Errorf("%s failed, want %s", failed, c.fails)
			}
			b.serves(t, older)
			kept, err := filepath.Glob(filepath.Join(b.Dir, ".sentryctl", "failed", "*", "output.log"))
			if err != nil || len(kept) != i+1 {
				t.Errorf("what failed was not kept: %v, %v", kept, err)
			}
		})
	}
}

// A hop that is killed goes on, wherever that was.
func TestKilledUpgradeGoesOn(t *testing.T) {
	labtest.Long(t)
	b := beforeUpgrade(t, older, newer)
	p := start(t, b.Site, b.upgrade()...)
	p.until("the stop", func(l said) bool { return l.Type == "step_started" && l.ID == "checkpoint" })
	p.signal(syscall.SIGKILL)
	p.wait()
	p = start(t, b.Site, "resume", "--site", b.Dir)
	p.until("the migration", func(l said) bool { return l.Type == "step_started" && l.ID == "migrate-database" })
	p.signal(syscall.SIGKILL)
	p.wait()
	sentryctl(t, b.Site, "resume", "--site", b.Dir).exits(0)
	b.serves(t, newer)
}

// A path through hard stops is one command, or one for each hop. An event that
// comes in while the database is migrated is taken at once. The history tells
// what each hop interrupted.
func TestUpgradeThroughHardStops(t *testing.T) {
	b := beforeUpgrade(t, "24.8.0", older, newer)
	b.breaking(t, older)(t, "STANDIN_MIGRATION_SECONDS=10")
	p := start(t, b.Site, b.upgrade("--pause-after-hop")...)
	taken := b.takenWhile(t, p, "migrate-database")
	p.wait().exits(0)
	b.serves(t, older)
	allStored(t, b.Site, taken)
	sentryctl(t, b.Site, b.upgrade()...).exits(0)
	b.serves(t, newer)
	allStored(t, b.Site, taken)
	b.measured(t, older+" -> "+newer, "24.8.0 -> "+older)
}

// takenWhile posts an event once, as soon as a step has begun, and sees that the
// step was still under way when the door had taken it.
func (b before) takenWhile(t *testing.T, p *process, id step.ID) []string {
	t.Helper()
	key, project, err := b.Probe().Key(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p.until("the begin of "+string(id), func(l said) bool { return l.Type == "step_started" && l.ID == string(id) })
	event := strings.Repeat("5e", 16)
	if err := b.Probe().Send(t.Context(), key, project, event); err != nil {
		t.Errorf("in %s an event was not taken: %v", id, err)
	}
	if r := lastRecord(t, b.Site); r.Step != id || r.Kind != step.KindStarted {
		t.Errorf("the event was sent in %s, and the journal has come to %s %s", id, r.Kind, r.Step)
	}
	return []string{event}
}

// measured wants these hops of the history, newest first: each went well, the page
// was away meanwhile, and the plan had said for how long it would be.
func (b before) measured(t *testing.T, hops ...string) {
	t.Helper()
	var got []string
	for _, run := range sentryctl(t, b.Site, "history", "--site", b.Dir).exits(0).last("history").Runs {
		for _, o := range run.Outages {
			got = append(got, fmt.Sprintf("%s -> %s", o.From, o.To))
			if run.Result != "done" || o.Result != site.ResultDone || o.PredictedNS <= 0 || o.UINS <= 0 {
				t.Errorf("the run is %s, and of the hop it says %+v", run.Result, o)
			}
		}
	}
	if diff := cmp.Diff(hops, got); diff != "" {
		t.Errorf("hops in the history (-want +got):\n%s", diff)
	}
}
