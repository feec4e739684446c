// Package apply owns the steps that bring changed configuration into a running
// site: files first, then just the services that the change touches. It
// reaches the Engine through the interfaces below and never prints.
package apply

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/step"
)

// Images brings the images that the new configuration names to the Engine.
type Images interface {
	MissingImages(ctx context.Context) ([]string, error)
	Pull(ctx context.Context) error
	BuiltImagesPresent(ctx context.Context) (bool, error)
	Build(ctx context.Context) error
}

// Services starts services and leaves those alone that run as they should.
type Services interface {
	Start(ctx context.Context, services ...string) error
	Settled(ctx context.Context, services ...string) (bool, error)
}

// Stack is the project of the site, read after its files were written.
type Stack interface {
	Images
	Services
}

// FrontDoor is the site as a browser sees it.
type FrontDoor interface {
	Prove(ctx context.Context) error
}

// File is a file to be written below the site directory.
type File struct {
	Path string // slash-separated, relative
	Mode fs.FileMode
	Data []byte
}

// Env is what the steps work with.
type Env struct {
	Site    *site.Site
	Files   []File
	Stopped bool // nothing ran before: only files are written
	Open    func(context.Context) (Stack, FrontDoor, error)

	GeoIP func(context.Context) error // brings the location database up to date; nil without an account
	Sink  event.Sink

	stack      Stack
	door       FrontDoor
	incomplete []event.Notice
}

// open reads the project once, after the files that define it are there.
func (e *Env) open(ctx context.Context) error {
	if e.stack != nil {
		return nil
	}
	var err error
	e.stack, e.door, err = e.Open(ctx)
	return err
}

// Step is a step of an apply.
type Step = step.Step[*Env]

// Steps lists the steps in the order in which they run.
func Steps() []Step {
	return []Step{writeConfig(), updateGeoIP(), bringImages(), restartServices(), proveFrontDoor()}
}

// PreviousDir holds the files as they were before they were last replaced.
const PreviousDir = "previous"

// writeConfig keeps the files as they are and replaces them.
func writeConfig() Step {
	return Step{
		ID: "write-config", Title: "Write the configuration", Idempotent: true,
		Done: func(_ context.Context, e *Env) (bool, error) { return len(e.changed()) == 0, nil },
		Run: func(_ context.Context, e *Env) error {
			changed := e.changed()
			for _, f := range changed {
				if err := e.keep(f); err != nil {
					return err
				}
			}
			for _, f := range changed {
				if err := site.WriteFile(e.path(f), f.Data, f.Mode); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func (e *Env) path(f File) string { return e.Site.Path(filepath.FromSlash(f.Path)) }

func (e *Env) changed() []File {
	return slices.DeleteFunc(slices.Clone(e.Files), func(f File) bool { return site.SameFile(e.path(f), f.Data) })
}

// keep saves a file of the site below PreviousDir, closed to others.
func (e *Env) keep(f File) error {
	old, err := os.ReadFile(e.path(f))
	if err != nil {
		return nil // there is none to keep
	}
	path := e.Site.Own(PreviousDir, filepath.FromSlash(f.Path))
	return site.WriteFile(path, old, 0o600)
}

// bringImages brings images that a changed *_IMAGE variable names.
func bringImages() Step {
	return Step{
		ID: "bring-images", Title: "Bring images that are missing", Idempotent: true,
		Skip: stopped,
		Done: func(ctx context.Context, e *Env) (bool, error) {
			if err := e.open(ctx); err != nil {
				return false, err
			}
			missing, err := e.stack.MissingImages(ctx)
			if err != nil || len(missing) > 0 {
				return false, err
			}
			return e.stack.BuiltImagesPresent(ctx)
		},
		Run: func(ctx context.Context, e *Env) error {
			if err := e.stack.Pull(ctx); err != nil {
				return err
			}
			return e.stack.Build(ctx)
		},
	}
}

func restartServices() Step {
	return Step{
		ID: "restart-services", Title: "Restart what the change touches and wait until it is ready", Idempotent: true, Always: true,
		Skip: stopped,
		Done: func(ctx context.Context, e *Env) (bool, error) {
			if err := e.open(ctx); err != nil {
				return false, err
			}
			return e.stack.Settled(ctx)
		},
		Run: func(ctx context.Context, e *Env) error { return e.stack.Start(ctx) },
	}
}

func proveFrontDoor() Step {
	return Step{
		ID: "prove-front-door", Title: "Prove the front door", Idempotent: true, Always: true,
		Skip: stopped,
		Run: func(ctx context.Context, e *Env) error {
			if err := e.open(ctx); err != nil {
				return err
			}
			return e.door.Prove(ctx)
		},
	}
}

func stopped(_ context.Context, e *Env) (string, error) {
	if e.Stopped {
		return "the site is stopped", nil
	}
	return "", nil
}
