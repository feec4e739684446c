package main

import (
	"fmt"
	"time"
)

// report is what all ways came to, and how many events came in during the
// backups.
type report struct {
	first, second, documented, untar, restore result
	events, lost                              int
}

// goal is a number to reach.
type goal struct {
	what  string
	got   float64
	limit float64
	least bool // limit is the least, not the most
}

func (g goal) String() string {
	word, verdict := "at most", "reached"
	if g.least {
		word = "at least"
	}
	if g.least && g.got < g.limit || !g.least && g.got > g.limit {
		verdict = "MISSED"
	}
	return fmt.Sprintf("%-58s %9.3f   %s %.1f   %s", g.what, g.got, word, g.limit, verdict)
}

func (r report) print() {
	for _, g := range []goal{
		{"UI gap, the longer of both to the documented way's", ratio(max(r.first.UI, r.second.UI), r.documented.UI), 0.1, false},
		{"ingest gap, seconds", (r.first.Ingest + r.second.Ingest).Seconds(), 0, false},
		{"events refused or lost, of " + fmt.Sprint(r.events), float64(r.lost + r.first.Refused + r.second.Refused), 0, false},
		{"first backup, times as fast as tar and gzip", ratio(r.documented.work, r.first.took), 4, true},
		{"second backup, times as fast", ratio(r.documented.work, r.second.took), 15, true},
		{"restore into volumes, times as fast as tar xz", ratio(r.untar.work, r.restore.work), 1.2, true},
		{"most memory of the helper, MB", float64(max(r.first.memory, r.second.memory)) / 1e6, 400, false},
	} {
		fmt.Println(g)
	}
}

func ratio(a, b time.Duration) float64 { return a.Seconds() / b.Seconds() }
