// Package cgroup owns how the control group of a container is found in a
// tree of cgroup v1 or v2, and how it is let go on when it is frozen. It
// knows nothing of the Engine, which mostly does this itself.
package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Tree is where a machine has its control groups. Mounted is where a helper
// container finds those of its machine: under Tree it has its own.
const (
	Tree    = "/sys/fs/cgroup"
	Mounted = "/cgroup"
)

// Freezer is a file that freezes a container and lets it go on.
type Freezer struct {
	ID       string // of the container
	Path     string // slash-separated, below the tree
	Stop, Go string // what freezes it, and what lets it go on
}

// Freezers finds those of containers. A container without one is not in the
// result. What cannot be read is passed over: groups come and go.
func Freezers(tree fs.FS, ids ...string) ([]Freezer, error) {
	root := "."
	if st, err := fs.Stat(tree, "freezer"); err == nil && st.IsDir() {
		root = "freezer" // v1: a tree of its own for each controller
	}
	var found []Freezer
	err := fs.WalkDir(tree, root, func(dir string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && dir == root:
			return err
		case err != nil:
			return nil
		case !d.IsDir():
			return nil
		}
		i := slices.IndexFunc(ids, func(id string) bool { return belongs(path.Base(dir), id) })
		if i < 0 {
			return nil
		}
		for _, kind := range []Freezer{{Path: "freezer.state", Stop: "FROZEN", Go: "THAWED"}, {Path: "cgroup.freeze", Stop: "1", Go: "0"}} {
			kind.ID, kind.Path = ids[i], path.Join(dir, kind.Path)
			if _, err := fs.Stat(tree, kind.Path); err == nil {
				found = append(found, kind)
			}
		}
		return fs.SkipDir // groups inside of the container are its own affair
	})
	if err != nil {
		return nil, fmt.Errorf("look for control groups: %w", err)
	}
	return found, nil
}

// belongs knows a group by its name: the container's ID, or with systemd as
// the Engine's driver a scope that ends in it.
func belongs(name, id string) bool {
	return id != "" && (name == id || strings.HasSuffix(name, "-"+id+".scope"))
}

// Thaw lets containers go on whose groups are below tree, and returns those
// for which it could not.
func Thaw(tree string, ids ...string) (left []string, err error) {
	return set(tree, func(f Freezer) string { return f.Go }, ids)
}

// Freeze freezes containers whose groups are below tree, and returns those
// for which it could not.
func Freeze(tree string, ids ...string) (left []string, err error) {
	return set(tree, func(f Freezer) string { return f.Stop }, ids)
}

func set(tree string, word func(Freezer) string, ids []string) (left []string, err error) {
	found, err := Freezers(os.DirFS(tree), ids...)
	if err != nil {
		return ids, err
	}
	var errs []error
	left = slices.Clone(ids)
	for _, f := range found {
		if err := write(filepath.Join(tree, filepath.FromSlash(f.Path)), word(f)); err != nil {
			errs = append(errs, err)
			continue
		}
		left = slices.DeleteFunc(left, func(id string) bool { return id == f.ID })
	}
	return left, errors.Join(errs...)
}

// write writes into a file of the kernel's, which must be there.
func write(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
