package upgrade

import (
	"context"
	"fmt"

	"github.com/sentryctl/sentryctl/internal/backup"
)

// copyAhead reads the volumes while everything runs, so that the checkpoint
// has only to read what changed since.
func copyAhead() Step {
	return Step{
		ID: "copy-ahead", Title: "Copy the volumes while everything runs", Idempotent: true,
		Run: func(ctx context.Context, e *Env) error {
			b, err := e.Work.Backup(ctx, e.Set+"a", backup.Ahead)
			if err != nil {
				return err
			}
			return take(ctx, b, "check-site", "capture-volumes")
		},
	}
}

// checkpoint saves the site as it is now that nothing writes: what a rollback
// brings back is the last state that the old release has left.
func checkpoint() Step {
	return Step{
		ID: "checkpoint", Title: "Save the site for the way back", Idempotent: true,
		Run: func(ctx context.Context, e *Env) error {
			b, err := e.Work.Backup(ctx, e.Set, backup.Precopy)
			if err != nil {
				return err
			}
			b.Halted = true
			b.FrontDoor = closed{} // it does not answer, on purpose
			b.Watch = func(context.Context) func() backup.Gaps { return func() backup.Gaps { return backup.Gaps{} } }
			return take(ctx, b, "check-site", "capture-volumes", "write-manifest")
		},
	}
}

// closed stands for a front door that is not to be asked.
type closed struct{}

func (closed) Prove(context.Context) error { return nil }

// take runs those steps of a backup.
func take(ctx context.Context, b *backup.Env, ids ...string) error {
	left := map[string]bool{}
	for _, id := range ids {
		left[id] = true
	}
	for _, s := range backup.Steps() {
		if !left[string(s.ID)] {
			continue
		}
		delete(left, string(s.ID))
		if err := s.Run(ctx, b); err != nil {
			return fmt.Errorf("%s: %w", s.ID, err)
		}
	}
	if len(left) > 0 {
		return fmt.Errorf("a backup has no steps %v", left)
	}
	return nil
}
