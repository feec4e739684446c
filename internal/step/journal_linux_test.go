package step_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sentryctl/sentryctl/internal/step"
)

// A record that a full disk takes half of is as if never written: the next one, when
// there is room again, stands on a line of its own.
func TestFullDiskLeavesNoHalfRecord(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=16k"); err != nil {
		t.Skipf("no small disk can be mounted here: %v", err)
	}
	t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) }) //nolint:errcheck // it goes with the test
	filler, path := filepath.Join(dir, "filler"), filepath.Join(dir, "run.jsonl")
	if err := os.WriteFile(filler, make([]byte, 8<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	j := open(t, path)
	whole := 0
	for ; ; whole++ {
		err := j.Append(step.Record{Kind: step.KindDone, Step: "a-step-of-some-length"})
		if errors.Is(err, unix.ENOSPC) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if err := j.Append(step.Record{Kind: step.KindFinished}); err != nil {
		t.Fatal(err)
	}
	records, err := step.LoadJournal(path)
	if err != nil || len(records) != whole+1 || !step.Finished(records) {
		t.Errorf("got %d records and %v, want %d whole ones and the end", len(records), err, whole)
	}
}
