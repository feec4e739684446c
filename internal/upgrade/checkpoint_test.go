package upgrade

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/site"
)

func TestOnlyOldCheckpointsGo(t *testing.T) {
	set := func(id, note string) backup.Set {
		return backup.Set{Manifest: backup.Manifest{Set: id}, Description: note}
	}
	const note = CheckpointNote + "25.9.0"
	sets := []backup.Set{
		set("20260101T000000Z", note), set("20260102T000000Z", "by hand"), set("20260103T000000Z", note), // the third: no run of ours
		set("20260104T000000Z", note), set("20260105T000000Z", note), set("20260106T000000Z", note),
	}
	var runs []site.Run
	for _, id := range []string{"20260101T000000.123Z-upgrade", "20260102T000000.000Z-upgrade", "20260103T000000.000Z-backup",
		"20260104T000000.000Z-upgrade", "20260105T000000.000Z-upgrade", "20260106T000000.999Z-upgrade"} {
		runs = append(runs, site.Run{ID: id})
	}
	for _, c := range []struct {
		name, needed string
		sets         []backup.Set
		want         []string
	}{
		{"all but the newest two", "20260106T000000Z", sets, []string{"20260101T000000Z", "20260104T000000Z"}},
		{"the way back needs an old one", "20260104T000000Z", sets, []string{"20260101T000000Z"}},
		{"one was written twice", "20260106T000000Z", slices.Concat(sets[3:5], sets[4:]), []string{"20260104T000000Z"}},
		{"both were written twice", "20260106T000000Z", slices.Concat(sets[4:5], sets[4:], sets[5:]), nil},
		{"there are two", "20260106T000000Z", sets[4:], nil},
		{"there is none", "", nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, s := range Obsolete(c.sets, runs, c.needed) {
				got = append(got, s.ID())
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}
