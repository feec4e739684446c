package repository_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/internal/fault"
)

const password = "correct horse battery staple"

func access(t *testing.T, target string) repository.Access {
	t.Helper()
	to, err := repository.ParseTarget(target)
	if err != nil {
		t.Fatal(err)
	}
	return repository.Access{Target: to, Password: password, Dir: t.TempDir()}
}

func open(t *testing.T, a repository.Access) *repository.Repository {
	t.Helper()
	r, err := repository.Open(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(context.WithoutCancel(t.Context())) })
	return r
}

// folder makes a repository in a folder of its own.
func folder(t *testing.T) (repository.Access, *repository.Repository) {
	t.Helper()
	a := access(t, filepath.Join(t.TempDir(), "repo"))
	if err := repository.Init(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	return a, open(t, a)
}

var source = repository.Source{Site: "sentry-self-hosted", Path: "/volumes/sentry-postgres"}

func write(t *testing.T, r *repository.Repository, o repository.Options) repository.Written {
	t.Helper()
	if o.Source == (repository.Source{}) {
		o.Source = source
	}
	w, err := r.Write(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// data is size bytes that do not compress.
func data(seed uint64, size int) []byte {
	b := make([]byte, size)
	rng := rand.New(rand.NewPCG(seed, 1))
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

func put(t *testing.T, path string, content []byte, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, mode); err != nil {
		t.Fatal(err)
	}
}

// oddTree holds all that a file system can.
func oddTree(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	put(t, filepath.Join(dir, "base/16384/1259"), data(1, 300<<10), 0o600)
	put(t, filepath.Join(dir, "base/empty"), nil, 0o640)
	put(t, filepath.Join(dir, "odd/new\nline"), []byte("a"), 0o644)
	put(t, filepath.Join(dir, "odd/no\xffutf8"), []byte("b"), 0o644)
	put(t, filepath.Join(dir, "odd/no\xfeutf8"), []byte("c"), 0o644)
	put(t, filepath.Join(dir, "odd/=hex=zz"), []byte("d"), 0o644)
	put(t, filepath.Join(dir, ".kopiaignore"), []byte("*\n"), 0o644)
	put(t, filepath.Join(dir, "parts/all_1_1_0/data.bin"), data(2, 10<<10), 0o444)
	if err := os.Link(filepath.Join(dir, "parts/all_1_1_0/data.bin"), filepath.Join(dir, "parts/hard")); err != nil {
		t.Fatal(err)
	}
	for _, step := range []func() error{
		func() error { return os.Symlink("../outside/no\xffutf8", filepath.Join(dir, "odd/link")) },
		func() error { return os.MkdirAll(filepath.Join(dir, "hollow/inner"), 0o750) },
		func() error { return os.Truncate(filepath.Join(dir, "base/empty"), 0) },
		func() error { return unix.Setxattr(filepath.Join(dir, "base/16384"), "user.note", []byte("x\x00y"), 0) },
		func() error { return os.Chmod(filepath.Join(dir, "odd"), os.ModeSetgid|os.ModeSticky|0o775) },
		func() error { return syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	sparse := filepath.Join(dir, "sparse")
	put(t, sparse, []byte("begin"), 0o600)
	if err := os.Truncate(sparse, 8<<20); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 {
		if err := os.Lchown(filepath.Join(dir, "odd/link"), 999, 998); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(filepath.Join(dir, "base/16384/1259"), 70, 70); err != nil {
			t.Fatal(err)
		}
	}
	old := time.Date(2020, 1, 2, 3, 4, 5, 123456789, time.UTC)
	for _, name := range []string{"base/16384/1259", "hollow", "odd", "parts"} {
		if err := os.Chtimes(filepath.Join(dir, name), old, old); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// look describes a tree: everything that a restore must bring back.
func look(t *testing.T, dir string) map[string]string {
	t.Helper()
	inodes := map[uint64]string{}
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		if info.Mode()&(os.ModeNamedPipe|os.ModeSocket) != 0 {
			return nil
		}
		st := info.Sys().(*syscall.Stat_t)
		rel, _ := filepath.Rel(dir, path)
		text := fmt.Sprintf("%v %d:%d %v", info.Mode(), st.Uid, st.Gid, info.ModTime().UnixNano())
		switch {
		case info.Mode().IsRegular():
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			text += fmt.Sprintf(" %d bytes %x", len(content), hash(content))
			if first, seen := inodes[st.Ino]; seen {
				text += " is " + first
			}
			inodes[st.Ino] = rel
		case info.Mode()&os.ModeSymlink != 0:
			to, _ := os.Readlink(path)
			text += " to " + to
		}
		value := make([]byte, 16)
		if n, err := unix.Lgetxattr(path, "user.note", value); err == nil {
			text += fmt.Sprintf(" %q", value[:n])
		}
		found[rel] = text
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func hash(b []byte) uint64 {
	var h uint64 = 14695981039346656037
	for _, c := range b {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}

func restore(t *testing.T, r *repository.Repository, w repository.Written) string {
	t.Helper()
	s, err := r.Get(t.Context(), w.ID)
	if err != nil {
		t.Fatal(err)
	}
	to := t.TempDir()
	o := repository.RestoreOptions{Snapshot: s, Dir: to, Attributes: w.Attributes, NoSync: true}
	if err := r.Restore(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	return to
}

func TestRestoreBringsBackEverything(t *testing.T) {
	_, r := folder(t)
	dir := oddTree(t)
	w := write(t, r, repository.Options{Dir: dir})
	if d := cmp.Diff([]string{"pipe"}, w.Attributes.Skipped); d != "" {
		t.Error(d)
	}
	to := restore(t, r, w)
	if d := cmp.Diff(look(t, dir), look(t, to)); d != "" {
		t.Error(d)
	}
	var st unix.Stat_t
	if err := unix.Stat(filepath.Join(to, "sparse"), &st); err != nil || st.Blocks*512 >= 8<<20 {
		t.Errorf("the sparse file takes %d bytes (%v)", st.Blocks*512, err)
	}
}

func TestSecondSnapshotWritesLittle(t *testing.T) {
	_, r := folder(t)
	dir := t.TempDir()
	for i := range uint64(20) {
		put(t, filepath.Join(dir, fmt.Sprint(i)), data(i, 1<<20), 0o600)
	}
	first := write(t, r, repository.Options{Dir: dir})
	put(t, filepath.Join(dir, "3"), data(99, 1<<20), 0o600)
	second := write(t, r, repository.Options{Dir: dir})
	if first.Read != 20<<20 || first.Added < 20<<20 {
		t.Errorf("first: read %d, added %d", first.Read, first.Added)
	}
	if second.Read != 1<<20 || second.Added > 3<<19 {
		t.Errorf("second: read %d, added %d; want one file of 1 MiB", second.Read, second.Added)
	}
	if d := cmp.Diff(look(t, dir), look(t, restore(t, r, second))); d != "" {
		t.Error(d)
	}
}

func TestDraftIsReadAgainWhereItMayHaveChangedUnseen(t *testing.T) {
	_, r := folder(t)
	dir := t.TempDir()
	put(t, filepath.Join(dir, "hot"), []byte("before"), 0o600)
	info, err := os.Stat(filepath.Join(dir, "hot"))
	if err != nil {
		t.Fatal(err)
	}
	draft := write(t, r, repository.Options{Dir: dir, Draft: true})
	// The same size and time, as two writes within one tick of the clock.
	put(t, filepath.Join(dir, "hot"), []byte("after!"), 0o600)
	if err := os.Chtimes(filepath.Join(dir, "hot"), info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	final := write(t, r, repository.Options{Dir: dir, Previous: []repository.Snapshot{draft.Snapshot}})
	if d := cmp.Diff(look(t, dir), look(t, restore(t, r, final))); d != "" {
		t.Error(d)
	}
	if !draft.Draft || final.Draft {
		t.Errorf("draft %v, final %v", draft.Draft, final.Draft)
	}
}

func TestFilesInMemoryReadBack(t *testing.T) {
	_, r := folder(t)
	files := []repository.File{
		{Path: "manifest.json", Mode: 0o600, Data: []byte("{}")},
		{Path: "site/sentry/config.yml", Mode: 0o644, Data: []byte("mail: x\n")},
	}
	w := write(t, r, repository.Options{Source: repository.Source{Site: "s", Path: "/manifest"}, Files: files, Tags: map[string]string{"set": "1"}})
	list, err := r.List(t.Context(), repository.Source{Site: "s", Path: "/manifest"})
	if err != nil || len(list) != 1 || list[0].Tags["set"] != "1" {
		t.Fatalf("got %+v, %v", list, err)
	}
	got, err := r.ReadFile(t.Context(), list[0], "site/sentry/config.yml")
	if err != nil || !bytes.Equal(got, files[1].Data) {
		t.Errorf("got %q, %v", got, err)
	}
	names, err := r.Files(t.Context(), list[0])
	if d := cmp.Diff([]string{"manifest.json", "site/sentry/config.yml"}, names); d != "" || err != nil {
		t.Error(d, err)
	}
	if list[0].ID != w.ID {
		t.Errorf("got %s, want %s", list[0].ID, w.ID)
	}
}

func TestDiffAndDelete(t *testing.T) {
	_, r := folder(t)
	dir := t.TempDir()
	for _, name := range []string{"a", "b", "c", "d"} {
		put(t, filepath.Join(dir, name), []byte(name), 0o600)
	}
	first := write(t, r, repository.Options{Dir: dir})
	put(t, filepath.Join(dir, "b"), []byte("longer"), 0o600)
	put(t, filepath.Join(dir, "sub/e"), []byte("e"), 0o600)
	os.Remove(filepath.Join(dir, "c"))
	os.Chmod(filepath.Join(dir, "d"), 0o640)
	second := write(t, r, repository.Options{Dir: dir})
	got, err := r.Diff(t.Context(), first.Snapshot, second.Snapshot)
	want := []repository.Change{
		{Path: "b", What: "changed", Before: 1, After: 6}, {Path: "c", What: "removed", Before: 1},
		{Path: "d", What: "attributes", Before: 1, After: 1}, {Path: "sub/e", What: "added", After: 1},
	}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Error(d, err)
	}
	if err := r.Delete(t.Context(), first.ID); err != nil {
		t.Fatal(err)
	}
	left, err := r.List(t.Context(), source)
	if err != nil || len(left) != 1 || left[0].ID != second.ID {
		t.Errorf("left: %+v, %v", left, err)
	}
	if err := r.Maintain(t.Context(), true); err != nil {
		t.Error(err)
	}
	if d := cmp.Diff(look(t, dir), look(t, restore(t, r, second))); d != "" {
		t.Error(d)
	}
}

func TestFaults(t *testing.T) {
	a, _ := folder(t)
	wrong := a
	wrong.Password = "wrong"
	none := access(t, t.TempDir())
	cases := []struct {
		name string
		do   func() error
		want fault.Code
	}{
		{"wrong password", func() error { _, err := repository.Open(t.Context(), wrong); return err }, fault.Integrity},
		{"no repository", func() error { _, err := repository.Open(t.Context(), none); return err }, fault.Usage},
		{"made twice", func() error { return repository.Init(t.Context(), a) }, fault.Usage},
		{"no password", func() error {
			return repository.Init(t.Context(), repository.Access{Target: none.Target, Dir: none.Dir})
		}, fault.Usage},
		{"no such snapshot", func() error { _, err := open(t, a).Get(t.Context(), "abc"); return err }, fault.Usage},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := c.do()
			if got := fault.CodeOf(err); got != c.want || fault.HintOf(err) == "" {
				t.Errorf("got %d (%v, hint %q), want %d", got, err, fault.HintOf(err), c.want)
			}
		})
	}
}
