package main

import (
	"context"
	"slices"
	"time"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/health"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/stack"
	"github.com/sentryctl/sentryctl/internal/step"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// lookLimit bounds the look at the containers after a run, which Ctrl-C does not end.
const lookLimit = 10 * time.Second

// watchedRun is a run over a site that may serve, watched from outside.
type watchedRun struct {
	site    *site.Site
	header  step.Header
	version calver.Version
	look    func(context.Context) ([]workload.Instance, error)
	before  []workload.Instance
	gaps    func() backup.Gaps // nil: nothing ran
}

// watch begins where something runs.
func (w *watchedRun) watch(ctx context.Context, door func() health.Watch) error {
	var err error
	if w.before, err = w.look(ctx); err == nil && slices.ContainsFunc(w.before, running) {
		w.gaps = gapsOf(door())(ctx)
	}
	return err
}

// remember ends the watch, and adds to the site's history what the run interrupted.
func (w *watchedRun) remember(ctx context.Context, outcome step.Outcome, failed error) error {
	if w.gaps == nil {
		return nil
	}
	gaps := w.gaps()
	if !outcome.Changed && failed == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookLimit)
	defer cancel()
	after, err := w.look(ctx)
	// What it did before it was cut short, or before the Engine went away, only the doors tell.
	unsure := outcome.Resumed || err != nil
	if !(err == nil && interrupted(w.before, after)) && !(unsure && gaps != backup.Gaps{}) {
		return nil
	}
	result := site.ResultDone
	if failed != nil {
		result = site.ResultFailed
	}
	return w.site.AppendHistory(site.Outage{Time: time.Now().UTC(), Run: w.header.Run, Workflow: w.header.Workflow, From: w.version, To: w.version,
		UINS: gaps.UI, IngestNS: gaps.Ingest, Result: result})
}

func running(i workload.Instance) bool { return i.Running }

// interrupted tells that a container which ran before has gone, ended, or was
// started anew.
func interrupted(before, after []workload.Instance) bool {
	return slices.ContainsFunc(before, func(was workload.Instance) bool {
		return was.Running && !slices.ContainsFunc(after, func(now workload.Instance) bool {
			return now.ID == was.ID && now.Running && now.Started.Equal(was.Started)
		})
	})
}

// runDoor is the door of a site as p wants it. Where the run moves it, the one that the
// site's files name until then counts too.
func runDoor(ctx context.Context, s *site.Site, p installPlan, moves bool) health.Watch {
	door := health.FrontDoor{Address: p.door(), URL: p.publicURL()}
	if !moves {
		return doorWatch(door)
	}
	project, err := stack.Load(ctx, stack.LoadOptions{Dir: s.Dir})
	if err != nil {
		return doorWatch(door) // the run may be there to mend that
	}
	p.model = project.Model()
	return movedWatch(door, p.door())
}
