package upgrade

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/event"
)

// removeLeftovers removes the trees of releases before the former one, and the
// images that were kept of them. The way back of this hop needs neither. What
// cannot be removed is told, and holds nothing up.
func removeLeftovers() Step {
	return Step{
		ID: "remove-leftovers", Title: "Remove what earlier hops left", Idempotent: true,
		Run: func(ctx context.Context, e *Env) error {
			old, err := e.formerTrees()
			if err != nil {
				return e.stays(ctx, "leftovers", err)
			}
			s, err := e.Stack(ctx)
			if err != nil {
				return err
			}
			if !e.Hop.NewKafka {
				if err := e.stays(ctx, "leftovers", removeFormerLog(ctx, s)); err != nil {
					return err
				}
			}
			for _, v := range old {
				err := s.ForgetKept(ctx, keptTag(v))
				if err == nil {
					err = os.RemoveAll(e.Site.ReleaseDir(v))
				}
				if err == nil {
					e.Sink.Emit(event.Log{Source: "leftovers", Text: "removed the tree and the images of " + v.String()})
				}
				if err := e.stays(ctx, "leftovers of "+v.String(), err); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// stays tells what could not be removed; only a run that ends passes its error on.
func (e *Env) stays(ctx context.Context, what string, err error) error {
	if err == nil || ctx.Err() != nil {
		return err
	}
	e.Sink.Emit(event.Notice{Level: "warn", Text: fmt.Sprintf("%s stay: %v", what, err)})
	return nil
}

// formerTrees are the kept releases before the one that the way back leads to.
func (e *Env) formerTrees() ([]calver.Version, error) {
	entries, err := os.ReadDir(filepath.Dir(e.Site.ReleaseDir(e.Hop.From)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list the releases: %w", err)
	}
	var old []calver.Version
	for _, d := range entries {
		if v, err := calver.Parse(d.Name()); err == nil && d.IsDir() && v.Less(e.Hop.From) && v.Less(e.Hop.To) {
			old = append(old, v)
		}
	}
	return old, nil
}
