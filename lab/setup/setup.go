// Package setup brings the whole lab about: an Engine, the images and the
// releases. It is what `lab up` does and what the end-to-end tests begin with.
package setup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sentryctl/sentryctl/lab/engine"
	"github.com/sentryctl/sentryctl/lab/images"
	"github.com/sentryctl/sentryctl/lab/trees"
)

// Setup is a lab on one Engine, kept in one directory.
type Setup struct {
	Docker engine.Docker
	Root   string // of the project's checkout
	Dir    string // build/lab below it
	Talk   io.Writer
}

// In is the lab of the checkout at root.
func In(root string, talk io.Writer) Setup {
	return Setup{Root: root, Dir: filepath.Join(root, "build", "lab"), Talk: talk}
}

// Root finds the checkout that dir lies in: the directory with go.mod and lab.
func Root(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("find the checkout: %w", err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if isFile(filepath.Join(dir, "go.mod")) && isFile(filepath.Join(dir, "lab", "standin", "main.go")) {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("this is no checkout of sentryctl: run the lab inside of one")
		}
	}
}

func isFile(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.Mode().IsRegular()
}

// ReleaseDir is where the tree of a version stands.
func (s Setup) ReleaseDir(version string) string {
	return filepath.Join(s.Dir, "releases", version)
}

// Lab makes images for this setup.
func (s Setup) Lab() images.Lab {
	return images.Lab{Docker: s.Docker, Root: s.Root, Dir: s.Dir, Talk: s.Talk}
}

// Up brings everything about that is not there yet. Extra images may be asked
// for. The second time takes a second or two.
func (s Setup) Up(ctx context.Context, extra ...string) error {
	version, err := engine.Ensure(ctx, s.Docker, s.Talk)
	if err != nil {
		return err
	}
	fmt.Fprintln(s.Talk, "Docker Engine", version, "answers")
	unlock, err := lock(ctx, s.Dir)
	if err != nil {
		return err
	}
	defer unlock()
	refs, err := trees.Images(trees.Versions()...)
	if err != nil {
		return err
	}
	refs = append(refs, extra...)
	slices.Sort(refs)
	refs = slices.Compact(refs)
	made, err := s.Lab().Ensure(ctx, refs...)
	if err != nil {
		return err
	}
	if len(made) > 0 {
		s.forgetBuilds(ctx)
	}
	if err := s.releases(); err != nil {
		return err
	}
	fmt.Fprintf(s.Talk, "%d images (%d of them new), releases %s in %s\n",
		len(refs), len(made), strings.Join(trees.Versions(), " "), s.ReleaseDir(""))
	return nil
}

// forgetBuilds removes what the lab's own site built on images that are now
// replaced, so that the next install builds anew. One in use stays.
func (s Setup) forgetBuilds(ctx context.Context) {
	for _, name := range trees.LocalImages(trees.DefaultPrefix) {
		_, _ = s.Docker.Output(ctx, "rmi", name)
	}
}

func (s Setup) releases() error {
	for _, v := range trees.Versions() {
		if err := trees.Write(s.ReleaseDir(v), v, trees.Options{}); err != nil {
			return err
		}
	}
	return nil
}
