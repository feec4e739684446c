package main

import (
	"context"
	"time"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/health"
	"github.com/sentryctl/sentryctl/internal/step"
	"github.com/sentryctl/sentryctl/internal/upgrade"
)

func (r *hopRun) doorWatch(ctx context.Context) (health.Watch, error) {
	st, err := r.project(ctx, r.site.Dir)
	if err != nil {
		return health.Watch{}, err
	}
	door, err := r.door(st)
	if err != nil {
		return health.Watch{}, err
	}
	return doorWatch(door), nil
}

func (r *hopRun) watch(ctx context.Context) (stop func() backup.Gaps, err error) {
	w, err := r.doorWatch(ctx)
	if err != nil {
		return nil, err
	}
	return gapsOf(w)(ctx), nil
}

// watchOn watches a hop that begins or goes on. What it had closed before it was
// cut short, and nobody has measured, is in the gaps too.
func (r *hopRun) watchOn(ctx context.Context, records []step.Record) (stop func() backup.Gaps, err error) {
	w, err := r.doorWatch(ctx)
	if err != nil {
		return nil, err
	}
	var before backup.Gaps
	if len(records) > 0 {
		cut := upgrade.Cut{Hop: r.begun.Hop, StopIngest: r.begun.StopIngest, Records: records, Counted: r.counted(), Now: time.Now()}
		open := w.Answers(ctx)
		before = backup.Gaps{UI: cut.UI(open[uiDoor]), Ingest: cut.Ingest(open[ingestDoor])}
	}
	watched := gapsOf(w)(ctx)
	return func() backup.Gaps {
		gaps := watched()
		return backup.Gaps{UI: before.UI + gaps.UI, Ingest: before.Ingest + gaps.Ingest}
	}, nil
}

// counted is until when the history knows what this hop has closed.
func (r *hopRun) counted() time.Time {
	outages, err := r.site.History()
	if err != nil {
		return time.Time{} // only predictions come from it
	}
	var last time.Time
	for _, o := range outages {
		if o.Run == r.begun.Run && o.Time.After(last) {
			last = o.Time
		}
	}
	return last
}
