package repository

import (
	"context"
	"errors"
	"io"
	iofs "io/fs"
	"os"
	"path"
	"path/filepath"
	"syscall"
	"time"

	kfs "github.com/kopia/kopia/fs"
)

// tree is a directory on disk as kopia reads it. kopia's own reader loses
// names that are no UTF-8, and does not tell what is behind a hard link.
type tree struct {
	root    string
	attrs   *collector
	exclude func(path string) bool // may be nil
	// unsettled marks what was written since then: see node.ModTime.
	unsettled time.Time
}

// node is one file of a tree.
type node struct {
	tree *tree
	rel  string // slash-separated, as on disk; "" for the root
	info os.FileInfo
	stat *syscall.Stat_t
}

func (t *tree) open() (kfs.Directory, error) {
	info, err := os.Stat(t.root)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, &iofs.PathError{Op: "read", Path: t.root, Err: syscall.ENOTDIR}
	}
	return &directory{t.node("", info)}, nil
}

func (t *tree) node(rel string, info os.FileInfo) node {
	st, _ := info.Sys().(*syscall.Stat_t) // always, on the systems that we build for
	return node{tree: t, rel: rel, info: info, stat: st}
}

// entry makes kopia's entry of a file that was found.
func (t *tree) entry(rel string, info os.FileInfo) kfs.Entry {
	n := t.node(rel, info)
	switch info.Mode() & os.ModeType {
	case os.ModeDir:
		t.attrs.note(n)
		return &directory{n}
	case 0:
		t.attrs.note(n)
		return &file{n}
	case os.ModeSymlink:
		return &symlink{n}
	}
	t.attrs.skip(rel)
	return &special{n}
}

func (n node) path() string { return filepath.Join(n.tree.root, filepath.FromSlash(n.rel)) }

func (n node) Name() string {
	if n.rel == "" {
		return "root"
	}
	return escape(path.Base(n.rel))
}

func (n node) Size() int64 {
	if n.info.IsDir() {
		return 0
	}
	return n.info.Size()
}

// ModTime is the time of the last change. A file that may still be written to
// unseen gets a false one, a nanosecond off, so that the next pass reads it
// again: a clock's tick hides a second write, and a page that is mapped into
// memory and not yet on disk hides more.
func (n node) ModTime() time.Time {
	t := n.info.ModTime()
	if n.tree.unsettled.IsZero() || !n.info.Mode().IsRegular() || n.changed().Before(n.tree.unsettled) {
		return t
	}
	return t.Add(time.Nanosecond)
}

// changed is the later of the times at which content and attributes changed.
func (n node) changed() time.Time {
	c := time.Unix(n.stat.Ctim.Unix())
	if m := n.info.ModTime(); m.After(c) {
		return m
	}
	return c
}

func (n node) Mode() os.FileMode           { return n.info.Mode() & (os.ModeType | kfs.ModBits) }
func (n node) IsDir() bool                 { return n.info.IsDir() }
func (n node) Sys() any                    { return nil }
func (n node) Owner() kfs.OwnerInfo        { return kfs.OwnerInfo{UserID: n.stat.Uid, GroupID: n.stat.Gid} }
func (n node) Device() kfs.DeviceInfo      { return kfs.DeviceInfo{Dev: n.stat.Dev, Rdev: n.stat.Rdev} }
func (n node) LocalFilesystemPath() string { return "" } // no actions, no snapshots of file systems
func (n node) Close()                      {}

type directory struct{ node }

func (d *directory) SupportsMultipleIterations() bool { return true }

func (d *directory) Child(_ context.Context, name string) (kfs.Entry, error) {
	raw, err := unescape(name)
	if err != nil {
		return nil, err
	}
	rel := path.Join(d.rel, raw)
	info, err := os.Lstat(filepath.Join(d.tree.root, rel))
	if errors.Is(err, iofs.ErrNotExist) {
		return nil, kfs.ErrEntryNotFound
	}
	if err != nil {
		return nil, err
	}
	return d.tree.entry(rel, info), nil
}

func (d *directory) Iterate(context.Context) (kfs.DirectoryIterator, error) {
	f, err := os.Open(d.path())
	if err != nil {
		return nil, err
	}
	return &iterator{dir: d, file: f}, nil
}

// iterator reads a directory in portions: some hold a hundred thousand files.
type iterator struct {
	dir  *directory
	file *os.File
	left []os.DirEntry
}

const portion = 256

func (it *iterator) Next(context.Context) (kfs.Entry, error) {
	for {
		if len(it.left) == 0 {
			list, err := it.file.ReadDir(portion)
			if len(list) == 0 {
				if errors.Is(err, io.EOF) {
					err = nil
				}
				return nil, err
			}
			it.left = list
		}
		next := it.left[0]
		it.left = it.left[1:]
		rel := path.Join(it.dir.rel, next.Name())
		if it.dir.tree.exclude != nil && it.dir.tree.exclude(rel) {
			continue
		}
		info, err := next.Info()
		if errors.Is(err, iofs.ErrNotExist) {
			continue // it went away while we read
		}
		if err != nil {
			return nil, err
		}
		return it.dir.tree.entry(rel, info), nil
	}
}

func (it *iterator) Close() { _ = it.file.Close() } // read only

type file struct{ node }

func (f *file) Open(context.Context) (kfs.Reader, error) {
	h, err := os.OpenFile(f.path(), os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	return &reader{File: h, of: f}, nil
}

type reader struct {
	*os.File
	of *file
}

func (r *reader) Entry() (kfs.Entry, error) {
	info, err := r.Stat()
	if err != nil {
		return nil, err
	}
	return &file{r.of.tree.node(r.of.rel, info)}, nil
}

type symlink struct{ node }

func (s *symlink) Readlink(context.Context) (string, error) { return os.Readlink(s.path()) }

func (s *symlink) Resolve(context.Context) (kfs.Entry, error) {
	return nil, errors.New("links are not followed")
}

// special is a socket, a pipe or a device: it has no content to keep.
type special struct{ node }

func (s *special) ErrorInfo() error { return kfs.ErrUnknown }

var (
	_ kfs.Directory  = (*directory)(nil)
	_ kfs.File       = (*file)(nil)
	_ kfs.Symlink    = (*symlink)(nil)
	_ kfs.ErrorEntry = (*special)(nil)
)
