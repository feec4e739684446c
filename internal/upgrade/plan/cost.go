package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Images is what a hop pulls. Known false means that the release's tree is not
// at hand, so that only the images of the rungs can be named. Bytes counts
// those whose size is known; Unsized is the number of the others.
type Images struct {
	Known   bool     `json:"known"`
	Pull    []string `json:"pull"`
	Bytes   int64    `json:"bytes"`
	Unsized int      `json:"unsized"`
	Here    Here     `json:"here"`
}

// Here is what the Engine has of them already. Layers that images share are
// counted with each.
type Here struct {
	Count int   `json:"count"`
	Bytes int64 `json:"bytes"`
}

func images(f Facts, l leg) Images {
	release, known := f.Images[l.to]
	out := Images{Known: known, Pull: []string{}}
	for _, i := range release {
		if i.Present {
			out.Here.Count, out.Here.Bytes = out.Here.Count+1, out.Here.Bytes+i.Bytes
			continue
		}
		out.add(i.Ref, i.Bytes)
	}
	for _, r := range l.rungs {
		if !r.Beside { // the release's own image writes that data
			out.add(r.Image, 0)
		}
	}
	slices.Sort(out.Pull)
	return out
}

func (i *Images) add(ref string, bytes int64) {
	if slices.Contains(i.Pull, ref) {
		return
	}
	i.Pull = append(i.Pull, ref)
	i.Bytes += bytes
	if bytes == 0 {
		i.Unsized++
	}
}

// Space is the room that the path needs beside what is there. Bytes -1 stands
// for what is not known; Free -1 too.
type Space struct {
	Parts []Part `json:"parts"`
	Known int64  `json:"known_bytes"`
	Free  int64  `json:"free_bytes"`
}

// Checkpoint is the part that lies where backups go, perhaps on another disk.
const Checkpoint = "checkpoint"

// imagesOf begins the name of a part that is images.
const imagesOf = "images of "

// Brought is what is known of the parts on the Engine's disk: images, and data of
// PostgreSQL that is written anew.
func (s Space) Brought() (images, beside int64) {
	for _, p := range s.Parts {
		switch bytes := max(p.Bytes, 0); {
		case p.What == Checkpoint:
		case strings.HasPrefix(p.What, imagesOf):
			images += bytes
		default:
			beside += bytes
		}
	}
	return images, beside
}

// Part is one reason for room.
type Part struct {
	What  string `json:"what"`
	Bytes int64  `json:"bytes"`
}

// space adds up images, the second copy of PostgreSQL's data and the
// checkpoint. A checkpoint is at most as large as the volumes in it.
func space(f Facts, hops []Hop) Space {
	s := Space{Free: -1}
	if f.Host != nil {
		s.Free = f.Host.FreeBytes
	}
	for _, h := range hops {
		bytes := h.Images.Bytes
		if !h.Images.Known || h.Images.Unsized > 0 {
			bytes = -1
		}
		s.Parts = append(s.Parts, Part{imagesOf + h.To.String(), bytes})
		for _, r := range h.Rungs {
			if r.Beside {
				s.Parts = append(s.Parts, Part{fmt.Sprintf("PostgreSQL %s beside %s", r.To, r.From), sizeOf(f, "sentry-postgres")})
			}
		}
	}
	s.Parts = append(s.Parts, Part{Checkpoint, checkpoint(f)})
	for _, p := range s.Parts {
		s.Known += max(p.Bytes, 0)
	}
	return s
}

func sizeOf(f Facts, volume string) int64 {
	if n, ok := f.Volumes[volume]; ok {
		return n
	}
	return -1
}

// Sized lists the volumes whose size counts: those that a checkpoint takes in.
// Kafka's log and what can be made again stay out.
func Sized() []string {
	return []string{"sentry-data", "sentry-postgres", "sentry-clickhouse", "sentry-redis", "sentry-seaweedfs"}
}

func checkpoint(f Facts) int64 {
	if f.Volumes == nil {
		return -1
	}
	var sum int64
	for _, name := range Sized() {
		if f.Volumes[name] < 0 {
			return -1
		}
		sum += f.Volumes[name]
	}
	return sum
}

// Downtime is how long the front door is expected not to answer. Basis says
// where the number comes from.
type Downtime struct {
	NS    time.Duration `json:"expected_ns"`
	Basis string        `json:"basis"`
}

// What a hop is taken to cost where nothing was measured.
const (
	assumedRestart = 3 * time.Minute // stop what runs, start 40 to 75 services
	assumedMigrate = 2 * time.Minute // the migrations of about ten monthly releases
	assumedRung    = 45 * time.Second
	assumedBeside  = 90 * time.Second // one PostgreSQL major version, before its size counts
	besidePerGiB   = 20 * time.Second
)

// downtime predicts from this hop's own measurements, else from its
// rehearsals, else from other hops here, else from what is assumed.
func downtime(r Request, h Hop) Downtime {
	var same, rehearsed, plain []time.Duration
	for _, m := range r.History {
		this := m.From == h.From && m.To == h.To
		switch {
		case !m.OK:
		case m.Rehearsed && this:
			rehearsed = append(rehearsed, m.UI)
		case m.Rehearsed: // a copy starts slower: it tells of its own hop only
		case this:
			same = append(same, m.UI)
		case m.Rungs == 0:
			plain = append(plain, m.UI)
		}
	}
	rungs := rungTime(r.Facts, h.Rungs)
	switch {
	case len(same) > 0:
		return Downtime{median(same), "measured here for this hop"}
	case len(rehearsed) > 0:
		return Downtime{median(rehearsed), "rehearsed for this hop; the checkpoint comes on top"}
	case len(plain) > 0:
		return Downtime{median(plain) + rungs, fmt.Sprintf("measured here for %d other hops, rungs assumed", len(plain))}
	}
	return Downtime{assumedRestart + assumedMigrate + rungs, "assumed"}
}

func rungTime(f Facts, rungs []Rung) time.Duration {
	var sum time.Duration
	for _, r := range rungs {
		if !r.Beside {
			sum += assumedRung
			continue
		}
		sum += assumedBeside + time.Duration(max(sizeOf(f, "sentry-postgres"), 0)>>30)*besidePerGiB
	}
	return sum
}

func median(list []time.Duration) time.Duration {
	slices.SortFunc(list, cmp.Compare[time.Duration])
	return list[len(list)/2]
}
