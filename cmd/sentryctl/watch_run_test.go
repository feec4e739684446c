package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/health"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/step"
	"github.com/sentryctl/sentryctl/internal/upgrade/plan"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// ranBefore is what a site served with; the others are what became of it.
var (
	began     = time.Date(2026, 1, 4, 3, 0, 0, 0, time.UTC)
	ranBefore = []workload.Instance{{Service: "web", ID: "a", Started: began, Running: true}}
	recreated = []workload.Instance{{Service: "web", ID: "b", Started: began, Running: true}}
	ended     = []workload.Instance{{Service: "web", ID: "a", Started: began}}
)

func TestWhatARunHasInterrupted(t *testing.T) {
	restarted := []workload.Instance{{Service: "web", ID: "a", Started: began.Add(time.Minute), Running: true}}
	another := append(ranBefore[:1:1], workload.Instance{Service: "feature", ID: "c", Running: true})
	cases := []struct {
		name          string
		before, after []workload.Instance
		want          bool
	}{
		{"nothing", ranBefore, ranBefore, false},
		{"recreated", ranBefore, recreated, true},
		{"restarted", ranBefore, restarted, true},
		{"stopped", ranBefore, ended, true},
		{"gone", ranBefore, nil, true},
		{"a service more", ranBefore, another, false},
		{"started", ended, restarted, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := interrupted(c.before, c.after); got != c.want {
				t.Errorf("got %t, want %t", got, c.want)
			}
		})
	}
}

func TestWhatIsRememberedOfARun(t *testing.T) {
	closed, open := backup.Gaps{UI: 2 * time.Second, Ingest: time.Second}, backup.Gaps{}
	ran, wentOn := step.Outcome{Changed: true}, step.Outcome{Changed: true, Resumed: true}
	away := errors.New("no Engine")
	cases := []struct {
		name          string
		before, after []workload.Instance
		lookErr       error
		gaps          backup.Gaps
		outcome       step.Outcome
		err           error
		want          site.Result // "": no line
	}{
		{"recreated", ranBefore, recreated, nil, closed, ran, nil, site.ResultDone},
		{"recreated, and no door needs it", ranBefore, recreated, nil, open, ran, nil, site.ResultDone},
		{"stopped, and it failed", ranBefore, ended, nil, closed, ran, errors.New("web: exited"), site.ResultFailed},
		{"failed before that", ranBefore, ranBefore, nil, closed, ran, errors.New("no image"), ""},
		{"nothing to do", ranBefore, recreated, nil, closed, step.Outcome{}, nil, ""},
		{"nothing ran before", ended, recreated, nil, closed, ran, nil, ""},
		{"a first install", nil, recreated, nil, closed, ran, nil, ""},
		{"goes on with what had been stopped", ranBefore, ranBefore, nil, closed, wentOn, nil, site.ResultDone},
		{"goes on, and nothing was closed", ranBefore, ranBefore, nil, open, wentOn, nil, ""},
		{"the Engine went away", ranBefore, nil, away, closed, ran, away, site.ResultFailed},
		{"the Engine went away, the doors did not", ranBefore, nil, away, open, ran, away, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var want []site.Outage
			if v := calver.MustParse("25.5.1"); c.want != "" {
				want = []site.Outage{{Run: "r1", Workflow: applyWorkflow, From: v, To: v, UINS: c.gaps.UI, IngestNS: c.gaps.Ingest, Result: c.want}}
			}
			w := beginWatch(t, c.before, c.gaps)
			w.look = func(context.Context) ([]workload.Instance, error) { return c.after, c.lookErr }
			if err := w.remember(t.Context(), c.outcome, c.err); err != nil {
				t.Fatal(err)
			}
			got, err := w.site.History()
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(got, want, cmpopts.IgnoreFields(site.Outage{}, "Time"), cmp.Comparer(sameVersion)); d != "" {
				t.Errorf("history (-got +want):\n%s", d)
			}
		})
	}
}

// beginWatch watches a site whose doors were closed for gaps.
func beginWatch(t *testing.T, before []workload.Instance, gaps backup.Gaps) *watchedRun {
	t.Helper()
	w := &watchedRun{site: newTestSite(t, "25.5.1"), header: step.Header{Run: "r1", Workflow: applyWorkflow}, version: calver.MustParse("25.5.1"),
		look: func(context.Context) ([]workload.Instance, error) { return before, nil }}
	if err := w.watch(t.Context(), func() health.Watch { return health.Watch{} }); err != nil {
		t.Fatal(err)
	}
	if w.gaps != nil {
		w.gaps() // ends what was begun
		w.gaps = func() backup.Gaps { return gaps }
	}
	return w
}

func sameVersion(a, b calver.Version) bool { return a == b }

// Only hops tell of hops, and a hop that was cut short is one.
func TestWhatPredictionsAreMadeFrom(t *testing.T) {
	from, to := calver.MustParse("25.5.1"), calver.MustParse("25.9.0")
	got := measured([]site.Outage{
		{Run: "1", Workflow: applyWorkflow, From: from, To: from, UINS: time.Second, Result: site.ResultDone},
		{Run: "2", Workflow: installWorkflow, From: from, To: from, UINS: time.Second, Result: site.ResultDone},
		{Run: "3", Workflow: backupWorkflow, UINS: time.Second, Result: site.ResultDone},
		{Run: "4", Workflow: upgradeWorkflow, From: from, To: to, UINS: time.Minute, Result: site.ResultFailed},
		{Run: "4", Workflow: upgradeWorkflow, From: from, To: to, UINS: 2 * time.Minute, Result: site.ResultDone},
	})
	want := []plan.Measured{{From: from, To: to, UI: time.Minute}, {From: from, To: to, UI: 3 * time.Minute, OK: true}}
	if d := cmp.Diff(got, want, cmp.Comparer(sameVersion)); d != "" {
		t.Errorf("(-got +want):\n%s", d)
	}
}
