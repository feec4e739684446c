package backup_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
)

// A restore that has replaced nothing may be given up for another; one that
// has, or that a clean machine has files of, comes to its end first.
func TestWhoMayTakeTheOthersPlace(t *testing.T) {
	s := &site.Site{Dir: t.TempDir()}
	set := backup.Set{Manifest: backup.Manifest{Set: "1"}}
	begun := backup.NewRestoring(set, backup.Asked{}, time.Unix(0, 0))
	swapping, clean, other := begun, begun, begun
	swapping.Swapping = true
	clean.Kind, other.Kind = backup.Clean, backup.Other
	for name, c := range map[string]struct {
		note backup.Restoring
		want fault.Code
	}{"begun": {begun, fault.OK}, "swapping": {swapping, fault.Resumable}, "clean": {clean, fault.Resumable}, "other": {other, fault.OK}} {
		if got := fault.CodeOf(c.note.Held(s)); got != c.want {
			t.Errorf("%s: got %d, want %d", name, got, c.want)
		}
	}
	if !begun.Is("1", backup.Asked{KeepOld: true, Bind: "9000"}) || begun.Is("2", backup.Asked{}) || begun.Is("1", backup.Asked{Volumes: []string{"a"}}) || begun.Is("1", backup.Asked{ConfigOnly: true}) {
		t.Error("a note is of the restore of one backup and of the same parts")
	}
}

func TestNoteOfARestoreReadsBack(t *testing.T) {
	s := &site.Site{Dir: t.TempDir()}
	if _, under, err := backup.ReadRestoring(s); under || err != nil {
		t.Errorf("got %v, %v", under, err)
	}
	want := backup.NewRestoring(backup.Set{Manifest: backup.Manifest{Set: "1"}}, backup.Asked{Kind: backup.Other, Bind: "9000", From: "25.10.0"}, time.Unix(1, 0))
	if err := want.Write(s); err != nil {
		t.Fatal(err)
	}
	got, under, err := backup.ReadRestoring(s)
	if d := cmp.Diff(want, got); d != "" || !under || err != nil {
		t.Error(d, under, err)
	}
	for range 2 {
		if err := backup.ForgetRestore(s); err != nil {
			t.Fatal(err)
		}
	}
}
