package capture

import (
	"context"
	"slices"
	"time"

	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/internal/fault"
)

// Room is what some work asks of one disk. What a helper refuses for want of it can be
// asked for beforehand, by the same figures.
type Room struct {
	Disk  uint64 // stands for the disk
	Dir   string // a directory on it
	Bytes int64
	Free  int64
}

// RoomOf is the disk of a directory, of which nothing is asked yet.
func RoomOf(dir string) (Room, error) {
	left, disk, err := free(dir)
	return Room{Disk: disk, Dir: dir, Free: left}, err
}

// Beside is the room that a restore of volumes takes, which writes beside what is in use,
// for each of their disks.
func Beside(ctx context.Context, volumes []Volume) ([]Room, error) {
	var list []Room
	for _, v := range volumes {
		room, err := RoomOf(v.Dir)
		if err != nil {
			return nil, err
		}
		bytes, err := occupied(ctx, v.Dir, time.Time{})
		if err != nil {
			return nil, err
		}
		n := slices.IndexFunc(list, func(r Room) bool { return r.Disk == room.Disk })
		if n < 0 {
			room.Bytes = Spare
			n, list = len(list), append(list, room)
		}
		list[n].Bytes += bytes
	}
	return list, nil
}

// roomBeside refuses volumes of which a restore would find no room on their disks.
func roomBeside(ctx context.Context, volumes []Volume) error {
	list, err := Beside(ctx, volumes)
	if err != nil {
		return err
	}
	for _, r := range list {
		if r.Free < r.Bytes {
			return fault.New(fault.Resumable, "Make room on the Engine's disk: docker system df, or go without a way back: --no-rollback",
				"the way back would write %d MiB beside what is in use, and the disk of the volumes has %d MiB left", r.Bytes/mib, r.Free/mib)
		}
	}
	return nil
}

// Fresh is the most that a capture of volumes writes into a repository: what has changed
// since each was taken last, before it is compressed. A repository that is still to be made
// is nil.
func Fresh(ctx context.Context, rep *repository.Repository, site string, volumes []Volume) (int64, error) {
	sum := int64(Spare)
	for _, v := range volumes {
		since := time.Time{}
		if rep != nil {
			var err error
			if since, err = lastTaken(ctx, rep, repository.Source{Site: site, Path: Path(v.Name)}); err != nil {
				return 0, err
			}
		}
		bytes, err := occupied(ctx, v.Dir, since)
		if err != nil {
			return 0, err
		}
		sum += bytes
	}
	return sum, nil
}
