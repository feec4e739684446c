package upgrade

import (
	"context"
	"os"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
)

// healthGate lets a hop pass only when the site works.
func healthGate() Step {
	return Step{
		ID: "health-gate", Title: "See that the new release works", Idempotent: true,
		Run: func(ctx context.Context, e *Env) error {
			s, err := e.Stack(ctx)
			if err != nil {
				return err
			}
			return e.Work.Gate(ctx, s)
		},
	}
}

// recordVersion writes what the site is now. Only the gate leads here.
func recordVersion() Step {
	return Step{
		ID: "record-version", Title: "Record the new version", Idempotent: true,
		Run: func(_ context.Context, e *Env) error {
			rec := e.Record
			rec.State, rec.Version = site.Installed, e.Hop.To
			if err := e.Site.WriteRecord(rec); err != nil {
				return err
			}
			if err := os.RemoveAll(StageDir(e.Site)); err != nil {
				return fault.New(fault.Resumable, "Remove it: rm -r "+StageDir(e.Site), "remove the stage: %w", err)
			}
			return nil
		},
	}
}
