package upgrade

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
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
		err := s.Run(ctx, b)
		if fault.CodeOf(err) == fault.PreflightBlocked { // a backup's hint names flags that an upgrade has not
			err = fault.New(fault.PreflightBlocked, "Make room there, or put backups elsewhere: sentryctl backup init --repo /path", "%w", err)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", s.ID, err)
		}
	}
	if len(left) > 0 {
		return fmt.Errorf("a backup has no steps %v", left)
	}
	return nil
}

// CheckpointNote begins the description of a checkpoint.
const CheckpointNote = "before the upgrade to "

const keptCheckpoints = 2

// SetOf names the checkpoint of a hop by the moment at which its run began.
func SetOf(began time.Time) string { return began.UTC().Format("20060102T150405Z") }

// Obsolete gives the checkpoints of a site that may go: all but the newest two,
// and never the one that the way back needs. A backup is a checkpoint only if
// its description and a journal of this site say so. One that a kill has let be
// written twice has one ID, and counts once.
func Obsolete(sets []backup.Set, runs []site.Run, needed string) []backup.Set {
	made := map[string]bool{}
	for _, r := range runs {
		at, workflow, _ := strings.Cut(r.ID, "-")
		if began, err := time.Parse("20060102T150405.000Z", at); err == nil && workflow == "upgrade" {
			made[SetOf(began)] = true
		}
	}
	var list []backup.Set
	var ids []string
	for _, s := range sets {
		if !made[s.ID()] || !strings.HasPrefix(s.Description, CheckpointNote) {
			continue
		}
		list = append(list, s)
		if !slices.Contains(ids, s.ID()) {
			ids = append(ids, s.ID())
		}
	}
	old := ids[:max(0, len(ids)-keptCheckpoints)]
	return slices.DeleteFunc(list, func(s backup.Set) bool { return s.ID() == needed || !slices.Contains(old, s.ID()) })
}
