package repository

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	kfs "github.com/kopia/kopia/fs"
	"github.com/kopia/kopia/repo/object"
	"github.com/kopia/kopia/snapshot/snapshotfs"
)

func keys[V any](m map[string]V) iter.Seq[string] { return maps.Keys(m) }

// leaf is a file or a link of a snapshot, told apart by content and attributes.
type leaf struct {
	object string
	size   int64
	mode   uint32
	owner  kfs.OwnerInfo
	when   time.Time
}

// walk visits all files and links of a snapshot. Paths are as they stand in
// the repository.
func (r *Repository) walk(ctx context.Context, s Snapshot, visit func(path string, l leaf)) error {
	return r.survey(ctx, s, visit, func(path string, err error) error {
		return fmt.Errorf("directory %q: %w", path, err)
	})
}

// survey walks and asks about each directory that cannot be read: nil goes on
// with the others.
func (r *Repository) survey(ctx context.Context, s Snapshot, visit func(path string, l leaf), broken func(path string, err error) error) error {
	root, err := snapshotfs.SnapshotRoot(r.rep, s.manifest)
	if err != nil {
		return err
	}
	dir, is := root.(kfs.Directory)
	if !is {
		return errors.New("the snapshot is of no directory")
	}
	return descend(ctx, dir, "", visit, broken)
}

func descend(ctx context.Context, dir kfs.Directory, at string, visit func(string, leaf), broken func(string, error) error) error {
	entries, err := kfs.GetAllEntries(ctx, dir)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return broken(at, err)
	}
	for _, e := range entries {
		p := path.Join(at, e.Name())
		sub, is := e.(kfs.Directory)
		if !is {
			visit(p, leafOf(e))
			continue
		}
		if err := descend(ctx, sub, p, visit, broken); err != nil {
			return err
		}
	}
	return nil
}

func leafOf(e kfs.Entry) leaf {
	l := leaf{size: e.Size(), mode: uint32(e.Mode()), owner: e.Owner(), when: e.ModTime()}
	if h, is := e.(object.HasObjectID); is {
		l.object = h.ObjectID().String()
	}
	return l
}

func (r *Repository) readFile(ctx context.Context, s Snapshot, name string) ([]byte, error) {
	root, err := snapshotfs.SnapshotRoot(r.rep, s.manifest)
	if err != nil {
		return nil, err
	}
	for part := range strings.SplitSeq(name, "/") {
		dir, is := root.(kfs.Directory)
		if !is {
			return nil, fmt.Errorf("%s is no directory", root.Name())
		}
		if root, err = dir.Child(ctx, part); err != nil {
			return nil, err
		}
	}
	f, is := root.(kfs.File)
	if !is {
		return nil, errors.New("it is no file")
	}
	in, err := f.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return io.ReadAll(in)
}

// Change is one difference between two snapshots of a source.
type Change struct {
	Path   string `json:"path"`
	What   string `json:"what"` // added, removed, changed, attributes
	Before int64  `json:"before"`
	After  int64  `json:"after"`
}

// Diff lists the files that differ, sorted by path. Directories are not
// compared for themselves.
func (r *Repository) Diff(ctx context.Context, before, after Snapshot) ([]Change, error) {
	if before.Root == after.Root {
		return nil, nil
	}
	old := map[string]leaf{}
	if err := r.walk(ctx, before, func(p string, l leaf) { old[p] = l }); err != nil {
		return nil, integrity(err)
	}
	var all []Change
	err := r.walk(ctx, after, func(p string, l leaf) {
		was, had := old[p]
		delete(old, p)
		switch {
		case !had:
			all = append(all, Change{Path: p, What: "added", After: l.size})
		case was.object != l.object:
			all = append(all, Change{Path: p, What: "changed", Before: was.size, After: l.size})
		case was != l:
			all = append(all, Change{Path: p, What: "attributes", Before: was.size, After: l.size})
		}
	})
	if err != nil {
		return nil, integrity(err)
	}
	for p, l := range old {
		all = append(all, Change{Path: p, What: "removed", Before: l.size})
	}
	slices.SortFunc(all, func(a, b Change) int { return strings.Compare(a.Path, b.Path) })
	return all, nil
}
