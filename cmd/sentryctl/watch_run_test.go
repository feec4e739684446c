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

func TestWhatARunHasInterrupted(t *testing.T) {
	began := time.Date(2026, 1, 4, 3, 0, 0, 0, time.UTC)
	web := workload.Instance{Service: "web", ID: "a", Started: began, Running: true}
	with := func(change func(*workload.Instance)) []workload.Instance {
		now := web
		change(&now)
		return []workload.Instance{now}
	}
	var (
		same       = []workload.Instance{web}
		recreated  = with(func(i *workload.Instance) { i.ID = "b" })
		restarted  = with(func(i *workload.Instance) { i.Started = began.Add(time.Minute) })
		ended      = with(func(i *workload.Instance) { i.Running = false })
		another    = append(same, workload.Instance{Service: "feature", ID: "c", Running: true})
		closed     = backup.Gaps{UI: 2 * time.Second, Ingest: time.Second}
		ran        = step.Outcome{Changed: true}
		wentOn     = step.Outcome{Changed: true, Resumed: true}
		engineAway = errors.New("no Engine")
	)
	type result struct {
		UI, Ingest time.Duration
		Result     site.Result
	}
	done, none := &result{2 * time.Second, time.Second, site.ResultDone}, (*result)(nil)
	failed := &result{2 * time.Second, time.Second, site.ResultFailed}
	cases := []struct {
		name    string
		before  []workload.Instance
		after   []workload.Instance
		lookErr error
		gaps    backup.Gaps
		outcome step.Outcome
		err     error
		want    *result
	}{
		{"recreated", same, recreated, nil, closed, ran, nil, done},
		{"restarted", same, restarted, nil, closed, ran, nil, done},
		{"gone", same, nil, nil, closed, ran, nil, done},
		{"one that no door needs", same, recreated, nil, backup.Gaps{}, ran, nil, &result{0, 0, site.ResultDone}},
		{"stopped, and it failed", same, ended, nil, closed, ran, errors.New("web: exited"), failed},
		{"failed before that", same, same, nil, closed, ran, errors.New("no image"), none},
		{"a service more", same, another, nil, closed, ran, nil, none},
		{"nothing to do", same, recreated, nil, closed, step.Outcome{}, nil, none},
		{"nothing ran before", ended, recreated, nil, closed, ran, nil, none},
		{"a first install", nil, recreated, nil, closed, ran, nil, none},
		{"goes on with what had been stopped", another[1:], another, nil, closed, wentOn, nil, done},
		{"goes on, and nothing was closed", same, same, nil, backup.Gaps{}, wentOn, nil, none},
		{"the Engine went away", same, nil, engineAway, closed, ran, engineAway, failed},
		{"the Engine went away, the doors did not", same, nil, engineAway, backup.Gaps{}, ran, engineAway, none},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s, version := newTestSite(t, "25.5.1"), calver.MustParse("25.5.1")
			now := c.before
			look := func(context.Context) ([]workload.Instance, error) { return now, nil }
			w := &watchedRun{site: s, header: step.Header{Run: "r1", Workflow: applyWorkflow}, version: version, look: look}
			if err := w.watch(t.Context(), func() health.Watch { return health.Watch{} }); err != nil {
				t.Fatal(err)
			}
			if w.gaps != nil {
				w.gaps()
				w.gaps = func() backup.Gaps { return c.gaps }
			}
			w.look = func(context.Context) ([]workload.Instance, error) { return c.after, c.lookErr }
			if err := w.remember(t.Context(), c.outcome, c.err); err != nil {
				t.Fatal(err)
			}
			got, err := s.History()
			if err != nil {
				t.Fatal(err)
			}
			var want []site.Outage
			if c.want != nil {
				want = []site.Outage{{Run: "r1", Workflow: applyWorkflow, From: version, To: version, UINS: c.want.UI, IngestNS: c.want.Ingest, Result: c.want.Result}}
			}
			if d := cmp.Diff(got, want, cmpopts.IgnoreFields(site.Outage{}, "Time"), cmp.Comparer(sameVersion)); d != "" {
				t.Errorf("history (-got +want):\n%s", d)
			}
		})
	}
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
