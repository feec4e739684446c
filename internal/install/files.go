package install

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/site"
)

// keepRelease keeps the pristine tree: the base of every merge, and the way
// back.
func keepRelease() Step {
	return Step{
		ID: "keep-release", Title: "Keep the pristine release", Idempotent: true,
		Done: func(_ context.Context, e *Env) (bool, error) {
			digest, err := release.Digest(os.DirFS(e.Site.ReleaseDir(e.Version)))
			if errors.Is(err, fs.ErrNotExist) {
				return false, nil
			}
			return digest == e.Tree.Digest, err
		},
		Run: func(_ context.Context, e *Env) error {
			dest := e.Site.ReleaseDir(e.Version)
			fresh := dest + ".new"
			if err := os.RemoveAll(fresh); err != nil {
				return fmt.Errorf("clear half a copy: %w", err)
			}
			if err := os.CopyFS(fresh, os.DirFS(e.Tree.Dir)); err != nil {
				return fmt.Errorf("copy release: %w", err)
			}
			if err := os.RemoveAll(dest); err != nil {
				return fmt.Errorf("replace release: %w", err)
			}
			if err := os.Rename(fresh, dest); err != nil {
				return fmt.Errorf("replace release: %w", err)
			}
			return nil
		},
	}
}

// placeRelease lays the release's files out in the site. A file that is
// already there and differs is the admin's and stays.
func placeRelease() Step {
	return Step{
		ID: "place-release", Title: "Lay out the release's files", Idempotent: true,
		Done: func(_ context.Context, e *Env) (bool, error) {
			missing := false
			err := e.eachPristine(func(rel string, _ fs.DirEntry) error {
				_, err := os.Lstat(e.Site.Path(rel))
				missing = missing || errors.Is(err, fs.ErrNotExist)
				return nil
			})
			return !missing, err
		},
		Run: func(_ context.Context, e *Env) error {
			defer e.forgetStack()
			return e.eachPristine(e.place)
		},
	}
}

func (e *Env) eachPristine(visit func(rel string, d fs.DirEntry) error) error {
	root := e.Site.ReleaseDir(e.Version)
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("read kept release: %w", err)
		}
		rel, err := filepath.Rel(root, path)
		if err != nil || rel == "." {
			return err
		}
		return visit(rel, d)
	})
}

func (e *Env) place(rel string, d fs.DirEntry) error {
	target := e.Site.Path(rel)
	if d.IsDir() {
		return os.MkdirAll(target, 0o755)
	}
	source := filepath.Join(e.Site.ReleaseDir(e.Version), rel)
	if d.Type()&fs.ModeSymlink != 0 {
		return placeLink(source, target)
	}
	info, err := d.Info()
	if err != nil {
		return fmt.Errorf("read kept release: %w", err)
	}
	data, err := os.ReadFile(source)
	if err != nil {
		return fmt.Errorf("read kept release: %w", err)
	}
	if _, err := os.Lstat(target); err == nil {
		if !site.SameFile(target, data) {
			e.Sink.Emit(event.Notice{Level: "info", Text: "kept your " + rel + ", which differs from the release's"})
		}
		return nil
	}
	return site.WriteFile(target, data, info.Mode().Perm())
}

func placeLink(source, target string) error {
	to, err := os.Readlink(source)
	if err != nil {
		return fmt.Errorf("read kept release: %w", err)
	}
	if err := os.Symlink(to, target); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("place link: %w", err)
	}
	return nil
}

// writeConfig writes what the answers make of the release's examples.
func writeConfig() Step {
	return Step{
		ID: "write-config", Title: "Write the configuration", Idempotent: true,
		Done: func(_ context.Context, e *Env) (bool, error) {
			files, err := e.Render()
			if err != nil {
				return false, err
			}
			for _, f := range files {
				if !site.SameFile(e.Site.Path(filepath.FromSlash(f.Path)), f.Data) {
					return false, nil
				}
			}
			return true, nil
		},
		Run: func(_ context.Context, e *Env) error {
			files, err := e.Render()
			if err != nil {
				return err
			}
			defer e.forgetStack()
			for _, f := range files {
				// A file that is right keeps its time: services that mount it go on.
				if site.SameFile(e.Site.Path(filepath.FromSlash(f.Path)), f.Data) {
					continue
				}
				if err := site.WriteFile(e.Site.Path(filepath.FromSlash(f.Path)), f.Data, f.Mode); err != nil {
					return err
				}
			}
			return nil
		},
	}
}
