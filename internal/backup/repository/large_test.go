package repository_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/backup/repository"
)

// Large files are read in parts at a time and come back in one piece, also
// where one ends with a part; what did not change in one is not stored again.
func TestLargeFiles(t *testing.T) {
	const part = 64 << 20
	_, r := folder(t)
	dir := t.TempDir()
	for name, size := range map[string]int64{"one part": part, "and a byte": part + 1, "two parts": 2 * part, "and a rest": 2*part + 12345} {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for i, at := range []int64{0, part - 100, part, size - 300} {
			if _, err := f.WriteAt(data(uint64(i)+uint64(size), 300), min(at, size-300)); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	write(t, r, repository.Options{Dir: dir})
	put(t, filepath.Join(dir, "small"), data(1, 10), 0o600)
	f, err := os.OpenFile(filepath.Join(dir, "and a rest"), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(data(9, 50), part+70); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	second := write(t, r, repository.Options{Dir: dir})
	if second.Read != 2*part+12345+10 || second.Added > 1<<20 {
		t.Errorf("read %d, added %d", second.Read, second.Added)
	}
	if d := cmp.Diff(look(t, dir), look(t, restore(t, r, second))); d != "" {
		t.Error(d)
	}
}
