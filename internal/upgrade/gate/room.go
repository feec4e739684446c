package gate

import (
	"fmt"
	"slices"
	"strings"
)

// Purpose is what room is for.
type Purpose string

// The purposes of room, in the order in which they are told.
const (
	Images     Purpose = "images"
	Pulled     Purpose = "images to pull, if they are as large as those of the same names here"
	Beside     Purpose = "a PostgreSQL that is written anew"
	WayBack    Purpose = "the way back"
	Cache      Purpose = "the cache of a repository over a network"
	Checkpoint Purpose = "the checkpoint"
)

// Room is what one purpose asks of a disk.
type Room struct {
	For   Purpose
	Bytes int64
	Disk  uint64 // stands for the disk
	Dir   string // a directory on it
	Free  int64  // on that disk
}

// disk is all that is asked of one disk.
type disk struct {
	id    uint64
	dir   string
	free  int64
	asked map[Purpose]int64
}

// disks adds up what is asked of the same one.
func disks(rooms []Room) []disk {
	var list []disk
	for _, r := range rooms {
		n := slices.IndexFunc(list, func(d disk) bool { return d.id == r.Disk })
		if n < 0 {
			n, list = len(list), append(list, disk{r.Disk, r.Dir, r.Free, map[Purpose]int64{}})
		}
		list[n].free = min(list[n].free, r.Free)
		list[n].asked[r.For] += r.Bytes
	}
	return list
}

// front is what has to find room whatever the checkpoint comes to.
func (d disk) front() int64 {
	return d.asked[Images] + d.asked[Beside] + d.asked[WayBack] + d.asked[Cache]
}

// most is all at once, with a checkpoint of which nothing can be compressed, and images
// whose size nobody knows.
func (d disk) most() int64 { return d.front() + d.asked[Pulled] + d.asked[Checkpoint] }

// least is what a hop refuses to begin without. How far the checkpoint can be compressed
// is not known before it is written: only then does a hop count it and the way back
// together, and what it would perhaps not refuse is not refused here.
func (d disk) least() int64 { return max(d.front(), d.asked[Images]+d.asked[Checkpoint]) }

func (d disk) judge() (state State, said, hint string) {
	state, need := OK, "up to "+size(d.most())
	switch least := d.least(); {
	case least > d.free:
		state, need = Block, "at least "+size(least)
	case d.most() > d.free:
		state = Warn
	}
	if d.least() == d.most() {
		need = size(d.most())
	}
	free := size(d.free) + " are free"
	if d.most() == 0 {
		return state, fmt.Sprintf("%s in %s", free, d.dir), ""
	}
	said = fmt.Sprintf("%s are needed in %s (%s), %s", need, d.dir, d.parts(), free)
	if state == Warn {
		said += "; that may do, for " + d.perhapsLess()
		if d.asked[WayBack] > 0 && d.asked[Checkpoint] > 0 {
			said += ": the hop looks once more when it has copied the volumes, before anything stops"
		}
	}
	return state, said, d.hint()
}

// perhapsLess says what may take less.
func (d disk) perhapsLess() string {
	var list []string
	if d.asked[Checkpoint] > 0 {
		list = append(list, "a checkpoint is compressed")
	}
	if d.asked[Pulled] > 0 {
		list = append(list, "images share layers")
	}
	return strings.Join(list, " and ")
}

func (d disk) parts() string {
	var list []string
	for _, p := range []Purpose{Images, Pulled, Beside, WayBack, Cache, Checkpoint} {
		switch bytes := d.asked[p]; {
		case bytes == 0:
		case p == Checkpoint || p == Pulled:
			list = append(list, fmt.Sprintf("up to %s for %s", size(bytes), p))
		default:
			list = append(list, fmt.Sprintf("%s for %s", size(bytes), p))
		}
	}
	return strings.Join(list, ", ")
}

// hint names besides what would be enough by itself.
func (d disk) hint() string {
	text := "Free some space there"
	if d.front()+d.asked[Pulled] > 0 {
		text += ": docker system df"
	}
	if d.asked[Checkpoint] > 0 && d.front() <= d.free {
		text += ". Or keep backups on another disk: sentryctl backup init --repo /path"
	}
	if d.asked[WayBack] > 0 && d.most()-d.asked[WayBack] <= d.free {
		text += ". Or go without a way back: --no-rollback"
	}
	return text
}

// room is that on every disk which the upgrade writes to.
func room(f Facts) (state State, said, hint string) {
	state = OK
	var texts []string
	if f.Plan.Space.Free < 0 {
		state, texts = Warn, []string{"the free space on the Engine's disk is not known"}
	}
	for _, d := range disks(f.Rooms) {
		how, text, what := d.judge()
		texts = append(texts, text)
		if how == Block && state != Block || how == Warn && hint == "" {
			state, hint = how, what
		}
	}
	if len(f.Unmeasured) > 0 {
		texts = append(texts, "not measured: "+few(f.Unmeasured))
	}
	return state, strings.Join(texts, "; "), hint
}

// size says bytes in decimal units, as Docker does.
func size(n int64) string {
	if n < 10e9 {
		return fmt.Sprintf("%.0f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}
