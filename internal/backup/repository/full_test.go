package repository_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/internal/fault"
)

// smallDisk is a file system of its own with little room.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("only who may mount has a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Errorf("unmount the small disk: %v", err)
		}
	})
	return dir
}

// A repository without room says so, keeps what it has, and goes on when
// there is room again.
func TestFullRepositoryLosesNothing(t *testing.T) {
	t.Parallel() // most of it is waiting
	disk := smallDisk(t, "24m")
	a := access(t, filepath.Join(disk, "repo"))
	if err := repository.Init(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	r := open(t, a)
	small, large := t.TempDir(), t.TempDir()
	put(t, filepath.Join(small, "f"), data(1, 1<<20), 0o600)
	put(t, filepath.Join(large, "f"), data(2, 40<<20), 0o600)
	before := write(t, r, repository.Options{Dir: small})
	_, err := r.Write(t.Context(), repository.Options{Source: source, Dir: large})
	if fault.CodeOf(err) != fault.Resumable || !strings.Contains(err.Error(), "is full") || fault.HintOf(err) == "" {
		t.Fatalf("got code %d and %v", fault.CodeOf(err), err)
	}
	if diff := len(leftBehind(t, disk)); diff > 0 {
		t.Errorf("%d unfinished files are left", diff)
	}
	again := open(t, a)
	if got, want := look(t, restore(t, again, before)), look(t, small); len(got) != len(want) || got["f"] != want["f"] {
		t.Errorf("the snapshot of before: got %v, want %v", got, want)
	}
	if err := unix.Mount("tmpfs", disk, "tmpfs", unix.MS_REMOUNT, "size=120m"); err != nil {
		t.Fatal(err)
	}
	after := write(t, again, repository.Options{Dir: large})
	if got, want := look(t, restore(t, again, after)), look(t, large); got["f"] != want["f"] {
		t.Errorf("after there was room again: got %v, want %v", got, want)
	}
}

func leftBehind(t *testing.T, dir string) []string {
	t.Helper()
	var left []string
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if strings.Contains(filepath.Base(path), ".tmp.") {
			left = append(left, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return left
}
