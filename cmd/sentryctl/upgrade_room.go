package main

import (
	"context"
	"os"
	"path/filepath"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/backup/capture"
	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/stack"
	"github.com/sentryctl/sentryctl/internal/ui/format"
	"github.com/sentryctl/sentryctl/internal/upgrade"
	"github.com/sentryctl/sentryctl/internal/upgrade/gate"
	"github.com/sentryctl/sentryctl/internal/upgrade/plan"
)

// roomLook finds out what an upgrade asks of disks, by the figures that its hops go by.
// What cannot be measured is asked for by nobody until then.
type roomLook struct {
	project    string
	disk       *capture.Room    // the Engine's own, where that runs on this machine
	volumes    []capture.Volume // that a checkpoint takes in, where they lie on this machine
	rooms      []gate.Room
	unmeasured []string
}

func lookForRoom(ctx context.Context, st *siteEngine, project string, space plan.Space, back bool) *roomLook {
	l := &roomLook{project: project}
	all, err := backup.Classify(st.Model(), backup.Choice{})
	if err != nil {
		return l // the hop says so
	}
	var dirs map[string]string
	if info, err := st.engine.Machine(ctx); err == nil && info.Local {
		l.engine(info.RootDir, space)
		if dirs, err = st.engine.AllVolumeDirs(ctx); err != nil {
			dirs = nil
		}
	}
	l.find(all, dirs)
	if back {
		l.wayBack(ctx)
	}
	return l
}

// engine is what is asked of the Engine's own disk.
func (l *roomLook) engine(dir string, space plan.Space) {
	room, err := capture.RoomOf(dir)
	if err != nil {
		return // the plan does not know the free space either
	}
	l.disk = &room
	images, beside := space.Brought()
	l.add(gate.Images, room, images)
	l.add(gate.Beside, room, beside)
}

// pulled is what images take that the Engine lacks. Nobody says before they are here.
func (l *roomLook) pulled(ctx context.Context, engine *stack.Engine, refs []string) {
	var sum int64
	unknown := 0
	for _, ref := range refs {
		bytes, err := engine.SizeAlike(ctx, ref)
		if err != nil || bytes == 0 {
			unknown++
		}
		sum += bytes
	}
	if l.disk != nil {
		l.add(gate.Pulled, *l.disk, sum)
	}
	if unknown > 0 {
		l.unmeasured = append(l.unmeasured, plural(unknown, "image")+" to pull")
	}
}

// find sorts the volumes that a checkpoint takes in by whether this process can look into
// them. dirs is nil where nobody knows where they lie.
func (l *roomLook) find(all []backup.Volume, dirs map[string]string) {
	for _, v := range all {
		dir, have := dirs[v.EngineName]
		switch {
		case !v.Taken() || dirs != nil && !have: // a hop leaves it out, too
		case dir != "" && readable(dir):
			l.volumes = append(l.volumes, capture.Volume{Name: v.Name, Dir: dir})
		default:
			l.unmeasured = append(l.unmeasured, v.Name)
		}
	}
}

func readable(dir string) bool {
	f, err := os.Open(dir)
	if err != nil {
		return false
	}
	return f.Close() == nil
}

func (l *roomLook) wayBack(ctx context.Context) {
	rooms, err := capture.Beside(ctx, l.volumes)
	if err != nil {
		l.unmeasured = append(l.unmeasured, string(gate.WayBack))
		return
	}
	for _, r := range rooms {
		l.add(gate.WayBack, r, r.Bytes)
	}
}

// checkpoint is what one asks of the disk of a repository in a folder. rep is nil where
// that is still to be made.
func (l *roomLook) checkpoint(ctx context.Context, rep *repository.Repository, dir string) {
	if len(l.volumes) == 0 {
		return
	}
	for !exists(dir) && dir != filepath.Dir(dir) {
		dir = filepath.Dir(dir)
	}
	room, err := capture.RoomOf(dir)
	if err == nil {
		room.Bytes, err = capture.Fresh(ctx, rep, l.project, l.volumes)
	}
	if err != nil {
		l.unmeasured = append(l.unmeasured, string(gate.Checkpoint))
		return
	}
	l.add(gate.Checkpoint, room, room.Bytes)
}

// cache is what a checkpoint that goes over a network asks of the Engine's disk.
func (l *roomLook) cache() {
	if l.disk != nil {
		l.add(gate.Cache, *l.disk, capture.Cache)
	}
}

func (l *roomLook) add(purpose gate.Purpose, r capture.Room, bytes int64) {
	l.rooms = append(l.rooms, gate.Room{For: purpose, Bytes: bytes, Disk: r.Disk, Dir: r.Dir, Free: r.Free})
}

// seeVolumes refuses a rollback for which the Engine has no room, whose places a restore has
// taken, or that lacks a volume, as long as the release that it would stop serves.
func (r *hopRun) seeVolumes(ctx context.Context, set backup.Set) error {
	_, unfinished, err := r.site.Unfinished()
	if err != nil || unfinished || len(set.Volumes) == 0 {
		return err
	}
	st, err := r.project(ctx, r.site.Dir)
	if err != nil {
		return err
	}
	if err := upgrade.FormerLog(ctx, st, r.site, r.begun.Run); err != nil {
		return err
	}
	for _, v := range set.Volumes {
		if err := backup.NotKept(ctx, st, v.EngineName); err != nil {
			return err
		}
	}
	info, err := r.engine.Machine(ctx)
	if err != nil || !info.Local {
		return err // it is seen when the volumes are written
	}
	dirs, err := r.engine.AllVolumeDirs(ctx)
	if err != nil {
		return err
	}
	return enoughRoom(r.site.Dir, set.Volumes, dirs)
}

// enoughRoom compares what is written beside with what is free. Volumes that lie where this
// process cannot look count for nothing.
func enoughRoom(site string, volumes []backup.SavedVolume, dirs map[string]string) error {
	asked := map[uint64]int64{}
	for _, v := range volumes {
		dir := dirs[v.EngineName]
		if dir == "" || !readable(dir) {
			continue
		}
		room, err := capture.RoomOf(dir)
		if err != nil {
			return err
		}
		asked[room.Disk] += v.Bytes
		if need := asked[room.Disk] + capture.Spare; room.Free < need {
			return fault.New(fault.PreflightBlocked, "Make room on the Engine's disk: docker system df. Then: sentryctl rollback --site "+site,
				"nothing was stopped: a rollback writes the volumes of the checkpoint beside those in use, which takes %s, and %s are free", format.Bytes(need), format.Bytes(room.Free))
		}
	}
	return nil
}

// openOwn opens the upgrade's own repository, nil where it is still to be made: the hop
// makes one, and refuses what it cannot open.
func openOwn(ctx context.Context, s *site.Site) *repository.Repository {
	if !exists(ownCheckpoint(s)) {
		return nil
	}
	acc, err := localCheckpoint(s)
	if err != nil {
		return nil
	}
	rep, err := repository.Open(ctx, acc)
	if err != nil {
		return nil
	}
	return rep
}
