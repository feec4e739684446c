package upgrade

import (
	"context"
	"errors"
	"fmt"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/step"
)

const (
	keepImagesID step.ID = "keep-images"
	imagesID     step.ID = "bring-images"
)

// keepImages gives the images in use second names, once: what is in use when a hop goes on
// may be the next release's.
func keepImages() Step {
	return Step{
		ID: keepImagesID, Title: "Keep the images in use", Idempotent: true,
		Run: func(ctx context.Context, e *Env) error {
			s, err := e.Stack(ctx)
			if err != nil {
				return err
			}
			return s.KeepUsed(ctx, keptTag(e.Hop.From))
		},
	}
}

// bringImages pulls and builds what the hop needs, while the old release
// serves. Builds take names from images that the old release uses: those have
// second names, and get their own back at the end.
func bringImages() Step {
	return Step{
		ID: imagesID, Title: "Bring the release's images", Idempotent: true,
		Run: func(ctx context.Context, e *Env) error {
			now, err := e.Stack(ctx)
			if err != nil {
				return err
			}
			next, err := e.Projects.Open(ctx, StageDir(e.Site))
			if err != nil {
				return err
			}
			if err := next.Pull(ctx); err != nil {
				return err
			}
			if err := e.bringRungs(ctx); err != nil {
				return err
			}
			return e.build(ctx, now, next)
		},
	}
}

func (e *Env) build(ctx context.Context, now, next Stack) (err error) {
	defer func() { err = errors.Join(err, UseFormer(context.WithoutCancel(ctx), now, e.Hop.From)) }()
	if err := next.Build(ctx); err != nil {
		return fmt.Errorf("build images: %w", err)
	}
	return next.KeepBuilt(ctx, keptTag(e.Hop.To))
}

// Building tells that a hop was cut short where images of the next release may have taken
// the names of those in use.
func Building(records []step.Record) bool {
	return step.Did(records, keepImagesID) && within(records, imagesID)
}

// UseFormer gives the images of the release that a hop leads away from their names back.
func UseFormer(ctx context.Context, s Stack, from calver.Version) error {
	return s.UseKept(ctx, keptTag(from))
}

func (e *Env) bringRungs(ctx context.Context) error {
	for _, r := range e.Hop.Rungs {
		s, err := e.Projects.Rung(ctx, r.Image)
		if err != nil {
			return err
		}
		if err := s.Pull(ctx); err != nil {
			return err
		}
	}
	return nil
}

// bringAhead pulls the images of the releases that come after this hop, so
// that the path does not end half way for the want of one.
func bringAhead() Step {
	return Step{
		ID: "bring-ahead", Title: "Bring the images of the hops that follow", Idempotent: true,
		Skip: func(_ context.Context, e *Env) (string, error) {
			if len(e.Hop.Ahead) == 0 {
				return "no hop follows", nil
			}
			return "", nil
		},
		Run: func(ctx context.Context, e *Env) error {
			for _, tree := range e.Hop.Ahead {
				s, err := e.Projects.Ahead(ctx, tree)
				if err != nil {
					return err
				}
				if err := s.Pull(ctx); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// removeOrphans removes the containers of services that the release does not
// have any more.
func removeOrphans() Step {
	return Step{
		ID: "remove-orphans", Title: "Remove services that the release does not have", Idempotent: true, Always: true,
		Run: func(ctx context.Context, e *Env) error {
			s, err := e.Stack(ctx)
			if err != nil {
				return err
			}
			gone, err := s.RemoveOrphans(ctx)
			for _, name := range gone {
				e.Sink.Emit(event.Log{Source: name, Text: "removed"})
			}
			return err
		},
	}
}
