package helper

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// One that was cut short is written anew, as large as it is to be.
func TestBallast(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ bytes, more int64 }{{3 << 20, 0}, {2 << 20, 0}, {1 << 20, 4 << 20}} {
		if err := Ballast(dir, c.bytes, c.more); err != nil {
			t.Fatal(err)
		}
		var st syscall.Stat_t
		if err := syscall.Stat(filepath.Join(dir, "ballast"), &st); err != nil || st.Size != c.bytes+c.more || st.Blocks*512 < st.Size {
			t.Errorf("got %d bytes in %d blocks, %v; want %d", st.Size, st.Blocks, err, c.bytes+c.more)
		}
	}
	if err := Ballast(filepath.Join(dir, "absent"), 1, 0); err == nil {
		t.Error("a directory that is not there has room")
	}
	if err := Ballast(dir, 1, 1<<50); err == nil {
		t.Error("a disk has room for 1 PiB")
	}
	for range 2 {
		if err := DropBallast(dir); err != nil {
			t.Error(err)
		}
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) > 0 {
		t.Errorf("left: %v, %v", list, err)
	}
}
