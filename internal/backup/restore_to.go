package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/internal/fault"
)

// Look writes a backup's files into an empty directory, each volume below its
// name and the site's files below "site". No Engine is needed.
type Look struct {
	Repository *repository.Repository
	Set        Set
	Dir        string
	Volumes    []string // by name; nil: all, and the site's files
	ConfigOnly bool
	Force      bool // whatever room there is
}

// spare is what a disk needs beyond the data.
const spare = 64 << 20

// Write checks the directory, the names and the room before it writes.
func (l Look) Write(ctx context.Context) error {
	if list, err := os.ReadDir(l.Dir); err == nil && len(list) > 0 || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.Usage, "Choose an empty directory with --to", "%s is not empty", l.Dir)
	}
	for _, name := range l.Volumes {
		if !slices.ContainsFunc(l.Set.Volumes, func(v SavedVolume) bool { return v.is(name) }) {
			return fault.New(fault.Usage, "Look what it holds: sentryctl backup show "+l.Set.ID(), "backup %s holds no volume %s", l.Set.ID(), name)
		}
	}
	if err := l.room(); err != nil {
		return err
	}
	if err := os.MkdirAll(l.Dir, 0o700); err != nil {
		return fmt.Errorf("make the directory to restore into: %w", err)
	}
	for _, v := range l.wanted() {
		if err := l.volume(ctx, v); err != nil {
			return err
		}
	}
	if len(l.Volumes) > 0 {
		return nil
	}
	to := filepath.Join(l.Dir, "site")
	if err := os.Mkdir(to, 0o700); err != nil {
		return fmt.Errorf("make a directory for the site: %w", err)
	}
	return PlaceSite(ctx, l.Repository, l.Set, to, nil)
}

func (l Look) wanted() []SavedVolume {
	return slices.DeleteFunc(slices.Clone(l.Set.Volumes), func(v SavedVolume) bool {
		return l.ConfigOnly || len(l.Volumes) > 0 && !slices.ContainsFunc(l.Volumes, v.is)
	})
}

// room refuses what the disk cannot hold. The directory need not be there yet.
func (l Look) room() error {
	if l.Force {
		return nil
	}
	need := int64(spare)
	for _, v := range l.wanted() {
		need += v.Bytes
	}
	if len(l.Volumes) == 0 {
		need += l.Set.SiteFiles.Bytes
	}
	dir, err := filepath.Abs(l.Dir)
	if err != nil {
		return fault.New(fault.Usage, "Give an absolute path with --to", "find the directory to restore into: %w", err)
	}
	var disk unix.Statfs_t
	for err = unix.Statfs(dir, &disk); errors.Is(err, fs.ErrNotExist) && dir != filepath.Dir(dir); err = unix.Statfs(dir, &disk) {
		dir = filepath.Dir(dir)
	}
	if err != nil {
		return fmt.Errorf("look how much room there is in %s: %w", dir, err)
	}
	if free := int64(disk.Bavail) * disk.Bsize; free < need { //nolint:unconvert,gosec // their types differ between architectures
		return fault.New(fault.PreflightBlocked, "Choose another disk with --to, single volumes with --volume, or go on regardless with --force",
			"the files take %d MiB, and the disk of %s has %d MiB left", (need+1<<20-1)>>20, dir, free>>20)
	}
	return nil
}

func (l Look) volume(ctx context.Context, v SavedVolume) error {
	attrs, err := l.Set.Attributes(ctx, l.Repository, v.Name)
	if err != nil {
		return err
	}
	one, err := l.Repository.Get(ctx, v.Snapshot)
	if err != nil {
		return err
	}
	to := filepath.Join(l.Dir, v.Name)
	if err := os.Mkdir(to, 0o700); err != nil {
		return fmt.Errorf("make a directory for %s: %w", v.Name, err)
	}
	return l.Repository.Restore(ctx, repository.RestoreOptions{Snapshot: one, Dir: to, Attributes: attrs, SkipOwners: os.Getuid() != 0})
}
