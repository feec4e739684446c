package repository_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/sentryctl/sentryctl/internal/backup/repository"
)

func TestFolderBelongsToItsOwner(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skipf("only root can give files away")
	}
	a := access(t, filepath.Join(t.TempDir(), "repo"))
	if err := os.Mkdir(a.Target.Path, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(a.Target.Path, 4711, 4711); err != nil {
		t.Fatal(err)
	}
	if err := repository.Init(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	r := open(t, a)
	write(t, r, repository.Options{Dir: oddTree(t)})
	if err := r.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(a.Target.Path, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Sys().(*syscall.Stat_t).Uid != 4711 {
			t.Errorf("%s belongs to another", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestCacheIsOfOneRepository(t *testing.T) {
	a, r := folder(t)
	dir := oddTree(t)
	write(t, r, repository.Options{Dir: dir})
	again := func(name string, b repository.Access) {
		if err := repository.Init(t.Context(), b); err != nil {
			t.Fatal(name, err)
		}
		w := write(t, open(t, b), repository.Options{Dir: dir})
		b.Dir = t.TempDir() // another machine
		if _, err := open(t, b).Verify(t.Context(), 100, w.Snapshot); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	b := access(t, filepath.Join(t.TempDir(), "other"))
	b.Dir = a.Dir
	again("in another place", b)
	if err := os.RemoveAll(a.Target.Path); err != nil {
		t.Fatal(err)
	}
	again("in the same place", a)
}
