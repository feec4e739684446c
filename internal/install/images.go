package install

import (
	"context"
	"fmt"
)

// pullImages runs before anything else changes. An image that is present is
// not asked for, so that a host without a network works (upstream's 25.10.0
// fails there).
func pullImages() Step {
	return Step{
		ID: "pull-images", Title: "Pull images", Idempotent: true,
		Done: func(ctx context.Context, e *Env) (bool, error) {
			missing, err := e.Staged.MissingImages(ctx)
			return len(missing) == 0, err
		},
		Run: func(ctx context.Context, e *Env) error { return e.Staged.Pull(ctx) },
	}
}

// buildImages builds the images that the release makes from its own tree.
func buildImages() Step {
	return Step{
		ID: "build-images", Title: "Build local images", Idempotent: true,
		Done: func(ctx context.Context, e *Env) (bool, error) {
			s, err := e.Stack(ctx)
			if err != nil {
				return false, err
			}
			return s.BuiltImagesPresent(ctx)
		},
		Run: func(ctx context.Context, e *Env) error {
			s, err := e.Stack(ctx)
			if err != nil {
				return err
			}
			if err := s.Build(ctx); err != nil {
				return fmt.Errorf("build images: %w", err)
			}
			return nil
		},
	}
}
