package repository_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sentryctl/sentryctl/internal/backup/repository"
)

// carried describes what a file carries besides its content: all extended
// attributes, where its data and its holes are, and its other names.
func carried(t *testing.T, dir string) map[string]string {
	t.Helper()
	found, names := map[string]string{}, map[uint64][]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		var st unix.Stat_t
		if err := unix.Lstat(path, &st); err != nil {
			return err
		}
		if !d.IsDir() {
			names[st.Ino] = append(names[st.Ino], rel)
		}
		found[rel] = attributes(t, path)
		if d.Type().IsRegular() {
			found[rel] += holes(t, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, same := range names {
		slices.Sort(same)
		for _, name := range same {
			found[name] += fmt.Sprintf(" names %q", same)
		}
	}
	return found
}

func attributes(t *testing.T, path string) string {
	t.Helper()
	list := make([]byte, 4096)
	n, err := unix.Llistxattr(path, list)
	if errors.Is(err, unix.ENOTSUP) {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	names := strings.Split(strings.TrimSuffix(string(list[:n]), "\x00"), "\x00")
	slices.Sort(names)
	var out strings.Builder
	for _, name := range names {
		value := make([]byte, 4096)
		if n, err := unix.Lgetxattr(path, name, value); name != "" && err == nil {
			fmt.Fprintf(&out, " %s=%q", name, value[:n])
		}
	}
	return out.String()
}

// holes tells at which bytes data begins and ends.
func holes(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var at []int64
	for pos := int64(0); ; {
		from, err := f.Seek(pos, unix.SEEK_DATA)
		if err != nil {
			return fmt.Sprintf(" data %v", at)
		}
		if pos, err = f.Seek(from, unix.SEEK_HOLE); err != nil {
			t.Fatal(err)
		}
		at = append(at, from, pos)
	}
}

func TestRestoreBringsBackWhatFilesCarry(t *testing.T) {
	_, r := folder(t)
	dir := t.TempDir()
	put(t, filepath.Join(dir, "a/one"), data(1, 5000), 0o600)
	put(t, filepath.Join(dir, "a/closed"), data(2, 100), 0o400)
	put(t, filepath.Join(dir, strings.Repeat("\xfe", 250)), []byte("long"), 0o600)
	put(t, filepath.Join(dir, " lead and trail "), []byte("blank"), 0o644)
	put(t, filepath.Join(dir, "a/back\\slash"), []byte("b"), 0o644)
	sparse := filepath.Join(dir, "sparse")
	put(t, sparse, nil, 0o600)
	for _, do := range []func() error{
		func() error { return os.MkdirAll(filepath.Join(dir, "b/c"), 0o700) },
		func() error { return os.Link(filepath.Join(dir, "a/one"), filepath.Join(dir, "b/two")) },
		func() error { return os.Link(filepath.Join(dir, "a/one"), filepath.Join(dir, "b/c/three\xff")) },
		func() error { return os.Symlink("nowhere", filepath.Join(dir, "b/dangling")) },
		func() error { return unix.Setxattr(filepath.Join(dir, "a/one"), "user.empty", nil, 0) },
		func() error {
			return unix.Setxattr(filepath.Join(dir, "a/one"), "user.binary", []byte("\x00\xff\n"), 0)
		},
		func() error { return unix.Setxattr(filepath.Join(dir, "a/closed"), "user.on.closed", []byte("x"), 0) },
		func() error { return os.Chmod(filepath.Join(dir, "a/closed"), os.ModeSetuid|0o555) },
		func() error { return writeAt(sparse, 16<<20, map[int64]string{1 << 20: "middle", 9<<20 + 3: "later"}) },
		func() error {
			old := []unix.Timespec{unix.NsecToTimespec(1), unix.NsecToTimespec(987654321987654321)}
			return unix.UtimesNanoAt(unix.AT_FDCWD, filepath.Join(dir, "b/dangling"), old, unix.AT_SYMLINK_NOFOLLOW)
		},
		func() error { return os.Chtimes(filepath.Join(dir, "a/one"), time.Unix(1, 0), time.Unix(0, 5)) },
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	if os.Getuid() == 0 {
		if err := unix.Setxattr(filepath.Join(dir, "b"), "trusted.note", []byte("only root"), 0); err != nil && !errors.Is(err, unix.EPERM) && !errors.Is(err, unix.ENOTSUP) {
			t.Fatal(err)
		}
	}
	to := restore(t, r, write(t, r, repository.Options{Dir: dir}))
	if d := cmp.Diff(look(t, dir), look(t, to)); d != "" {
		t.Errorf("files (-want +got):\n%s", d)
	}
	if d := cmp.Diff(carried(t, dir), carried(t, to)); d != "" {
		t.Errorf("what they carry (-want +got):\n%s", d)
	}
}

func writeAt(path string, size int64, pieces map[int64]string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Truncate(size); err != nil {
		return err
	}
	for at, text := range pieces {
		if _, err := f.WriteAt([]byte(text), at); err != nil {
			return err
		}
	}
	return f.Sync()
}

// Over another tree, as a site's files go, each file and link becomes that of
// the snapshot, even one of the same size and time, or of a directory that an Engine has
// made in its place. Nothing else is left there.
func TestRestoreOverAnotherTree(t *testing.T) {
	_, r := folder(t)
	dir, over := t.TempDir(), t.TempDir()
	put(t, filepath.Join(dir, "same"), []byte("backup"), 0o600)
	put(t, filepath.Join(over, "same"), []byte("in use"), 0o600)
	put(t, filepath.Join(dir, "mounted"), []byte("backup"), 0o600)
	if err := os.Mkdir(filepath.Join(over, "mounted"), 0o755); err != nil {
		t.Fatal(err)
	}
	when := time.Unix(1700000000, 0)
	for path, target := range map[string]string{filepath.Join(dir, "link"): "backup", filepath.Join(over, "link"): "in-use"} {
		if err := errors.Join(os.Symlink(target, path), os.Chtimes(filepath.Join(filepath.Dir(path), "same"), when, when)); err != nil {
			t.Fatal(err)
		}
	}
	w := write(t, r, repository.Options{Dir: dir})
	for range 2 {
		if err := r.Restore(t.Context(), repository.RestoreOptions{Snapshot: w.Snapshot, Dir: over, Attributes: w.Attributes, Over: true}); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(filepath.Join(over, "same"))
	to, linkErr := os.Readlink(filepath.Join(over, "link"))
	if string(text) != "backup" || to != "backup" || err != nil || linkErr != nil {
		t.Errorf("the file holds %q, the link leads to %q, %v, %v", text, to, err, linkErr)
	}
	var names []string
	list, err := os.ReadDir(over)
	for _, e := range list {
		names = append(names, e.Name())
	}
	if want := []string{"link", "mounted", "same"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("got %v, %v, want %v", names, err, want)
	}
}

// What a moving tree lacks because it could not be read is told; what went
// away, and what has no content, is not.
func TestUnreadFilesAreTold(t *testing.T) {
	_, r := folder(t)
	dir := t.TempDir()
	put(t, filepath.Join(dir, "leased"), []byte("x"), 0o600)
	put(t, filepath.Join(dir, "plain"), []byte("x"), 0o600)
	if err := unix.Mkfifo(filepath.Join(dir, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	held, err := os.OpenFile(filepath.Join(dir, "leased"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if _, err := unix.FcntlInt(held.Fd(), unix.F_SETLEASE, unix.F_WRLCK); err != nil {
		t.Skipf("nothing here can refuse root: %v", err)
	}
	w := write(t, r, repository.Options{Dir: dir, Moving: true})
	if len(w.Unread) != 1 || !strings.HasPrefix(w.Unread[0], "leased: ") {
		t.Errorf("unread: %q", w.Unread)
	}
}
