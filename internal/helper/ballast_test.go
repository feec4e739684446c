package helper

import (
	"os"
	"path/filepath"
	"testing"
)

// One that was cut short is written anew, as large as it is to be.
func TestBallast(t *testing.T) {
	dir := t.TempDir()
	for _, bytes := range []int64{3 << 20, 2 << 20} {
		if err := Ballast(dir, bytes); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(filepath.Join(dir, "ballast")); err != nil || info.Size() != bytes {
			t.Errorf("got %v, %v; want %d bytes", info, err, bytes)
		}
	}
	if err := Ballast(filepath.Join(dir, "absent"), 1); err == nil {
		t.Error("a directory that is not there has room")
	}
}
