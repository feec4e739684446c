package capture

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/internal/fault"
)

const (
	mib = 1 << 20
	// Spare is what a disk needs beyond the data: indexes and manifests.
	Spare = 64 * mib
	// Cache is the most bytes that the cache of a repository comes to, on the Engine's disk.
	Cache = 320 * mib
)

// free is how much may still be written below a directory, and a number that
// stands for the disk that it is on.
func free(dir string) (bytes int64, disk uint64, err error) {
	var room unix.Statfs_t
	var about unix.Stat_t
	if err := errors.Join(unix.Statfs(dir, &room), unix.Stat(dir, &about)); err != nil {
		return 0, 0, fmt.Errorf("look how much room there is in %s: %w", dir, err)
	}
	return int64(room.Bavail) * room.Bsize, about.Dev, nil //nolint:unconvert,gosec // their types differ between architectures
}

// occupied is what the files below a directory hold that may have changed
// since a time; holes and names after the first do not count.
func occupied(ctx context.Context, dir string, since time.Time) (bytes int64, err error) {
	type inode struct{ dev, ino uint64 }
	seen := map[inode]bool{}
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, fs.ErrNotExist):
			return nil // it was there a moment ago
		case err != nil:
			return err
		case !d.Type().IsRegular():
			return nil
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		st, is := info.Sys().(*syscall.Stat_t)
		if !is || time.Unix(st.Ctim.Unix()).Before(since) {
			return nil
		}
		if id := (inode{uint64(st.Dev), st.Ino}); st.Nlink > 1 { //nolint:unconvert // its type differs between architectures
			if seen[id] {
				return nil
			}
			seen[id] = true
		}
		bytes += min(st.Size, st.Blocks*512)
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("measure %s: %w", dir, err)
	}
	return bytes, nil
}

// roomToCapture refuses a capture that the disk of a repository in a folder
// may have no room for. What is new is taken as it is: how far it can be
// compressed is not known.
func roomToCapture(ctx context.Context, rep *repository.Repository, req Request) error {
	if req.Access.Target.Kind != repository.Folder {
		return roomForCache(req.Access.Dir)
	}
	room, _, err := free(req.Access.Target.Path)
	if err != nil {
		return err
	}
	if most, err := onDisks(req.Volumes); err != nil || most+Spare <= room {
		return err // no need to look at each file
	}
	need, err := Fresh(ctx, rep, req.Site, req.Volumes)
	if err != nil || room >= need {
		return err
	}
	return fault.New(fault.PreflightBlocked, "Make room where the repository is (sentryctl backup forget, then: sentryctl backup prune), or go on regardless with --force",
		"up to %d MiB are new, and the disk of the repository has %d MiB left", (need+mib-1)/mib, room/mib)
}

// onDisks is all that the disks of the volumes hold.
func onDisks(volumes []Volume) (bytes int64, err error) {
	seen := map[uint64]bool{}
	for _, v := range volumes {
		_, disk, err := free(v.Dir)
		if err != nil {
			return 0, err
		}
		if seen[disk] {
			continue
		}
		seen[disk] = true
		var st unix.Statfs_t
		if err := unix.Statfs(v.Dir, &st); err != nil {
			return 0, fmt.Errorf("look how much there is on the disk of %s: %w", v.Name, err)
		}
		bytes += int64(st.Blocks-st.Bfree) * st.Bsize //nolint:unconvert,gosec // their types differ between architectures
	}
	return bytes, nil
}

// roomForCache refuses a capture whose cache may find no room. What a place
// that is reached over a network has left is not known.
func roomForCache(dir string) error {
	room, _, err := free(dir)
	if err != nil || room >= Cache {
		return err
	}
	return fault.New(fault.PreflightBlocked, "Make room on the Engine's disk, or go on regardless with --force",
		"a backup may need %d MiB for its cache on the Engine's disk, which has %d MiB left", Cache/mib, room/mib)
}

// lastTaken is when the newest snapshot of a source began: what is older than
// that is in the repository.
func lastTaken(ctx context.Context, rep *repository.Repository, of repository.Source) (time.Time, error) {
	list, err := rep.List(ctx, of)
	if err != nil || len(list) == 0 {
		return time.Time{}, err
	}
	return list[len(list)-1].Start, nil
}

// roomToRestore refuses a restore whose disk cannot hold what is restored
// beside what is in use. What a run before has written counts as there.
func roomToRestore(ctx context.Context, rep *repository.Repository, req RestoreRequest) error {
	need, room := map[uint64]int64{}, map[uint64]int64{}
	for _, w := range req.Volumes {
		if done, err := w.complete(req.Mark); err != nil {
			return err
		} else if done || w.Snapshot == "" {
			continue
		}
		s, err := rep.Get(ctx, w.Snapshot)
		if err != nil {
			return err
		}
		have, err := occupied(ctx, w.Dir, time.Time{})
		if err != nil {
			return err
		}
		left, disk, err := free(w.Dir)
		if err != nil {
			return err
		}
		need[disk] += max(0, s.Bytes-have)
		room[disk] = left
	}
	for disk, bytes := range need {
		if room[disk] < bytes+Spare {
			return fault.New(fault.PreflightBlocked, "Make room on that disk, restore single volumes with --volume, or go on regardless with --force",
				"the restore writes %d MiB beside what is in use, and the disk of the volumes has %d MiB left", (bytes+Spare)/mib, room[disk]/mib)
		}
	}
	return nil
}
