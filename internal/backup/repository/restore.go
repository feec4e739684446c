package repository

import (
	"context"
	"fmt"
	"math"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/kopia/kopia/snapshot/restore"
	"github.com/kopia/kopia/snapshot/snapshotfs"
)

// RestoreOptions say what to write where.
type RestoreOptions struct {
	Snapshot   Snapshot
	Dir        string // exists; is filled
	Attributes Attributes
	SkipOwners bool                              // for who is not root
	Over       bool                              // replace what is there
	Again      bool                              // so too, but for what is there with the same size and time
	Progress   func(doneBytes, totalBytes int64) // may be nil
	NoSync     bool                              // do not wait for the disk
	Skip       func(path string) bool            // files to leave as they are; may be nil
}

// Restore writes a snapshot's tree into a directory. Nothing outside of it is
// touched, whatever the repository says. What cannot be read back is an
// Integrity fault that names the file.
func (r *Repository) Restore(ctx context.Context, o RestoreOptions) error {
	root, err := os.OpenRoot(o.Dir)
	if err != nil {
		return fmt.Errorf("open the directory to restore into: %w", err)
	}
	defer root.Close()
	entry, err := snapshotfs.SnapshotRoot(r.rep, o.Snapshot.manifest)
	if err != nil {
		return integrity(err)
	}
	later, err := laterLinks(o.Attributes)
	if err != nil {
		return integrity(err)
	}
	o.Over = o.Over || o.Again
	out := &output{rep: r.rep, root: root, options: o, later: later, dirs: map[string]time.Time{".": o.Snapshot.manifest.RootEntry.ModTime.ToTime()}}
	cancel := make(chan struct{})
	stop := context.AfterFunc(ctx, sync.OnceFunc(func() { close(cancel) }))
	defer stop()
	_, err = restore.Entry(ctx, r.rep, out, entry, restore.Options{
		Incremental: o.Again, Cancel: cancel, RestoreDirEntryAtDepth: math.MaxInt32, // all levels
		ProgressCallback: func(_ context.Context, s restore.Stats) { out.tell(s) },
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		if out.disk() {
			return fmt.Errorf("restore %s: %w", o.Snapshot.Source.Path, err)
		}
		return integrity(fmt.Errorf("restore %s: %w", o.Snapshot.Source.Path, err))
	}
	if err := out.finish(); err != nil {
		return fmt.Errorf("restore %s: %w", o.Snapshot.Source.Path, err)
	}
	return nil
}

// laterLinks gives the files that become links to the first of their group.
func laterLinks(a Attributes) (map[string]string, error) {
	later := map[string]string{}
	for _, group := range a.Links {
		names := make([]string, 0, len(group))
		for _, name := range group {
			raw, err := unescapePath(name)
			if err != nil {
				return nil, err
			}
			names = append(names, raw)
		}
		for _, name := range names[min(1, len(names)):] {
			later[name] = names[0]
		}
	}
	return later, nil
}

// ReadFile gives a file of a snapshot made of Files.
func (r *Repository) ReadFile(ctx context.Context, s Snapshot, path string) ([]byte, error) {
	data, err := r.readFile(ctx, s, path)
	if err != nil {
		return nil, integrity(fmt.Errorf("read %s of snapshot %s: %w", path, s.ID, err))
	}
	return data, nil
}

// Files lists the paths of a snapshot's files, sorted.
func (r *Repository) Files(ctx context.Context, s Snapshot) ([]string, error) {
	var names []string
	err := r.walk(ctx, s, func(path string, _ leaf) { names = append(names, path) })
	if err != nil {
		return nil, integrity(err)
	}
	slices.Sort(names)
	return names, nil
}
