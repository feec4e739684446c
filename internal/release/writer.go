package release

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
)

// errUnsafe marks what no honest archive of a release holds.
var errUnsafe = errors.New("unsafe")

func unsafe(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errUnsafe, fmt.Sprintf(format, args...))
}

// entry is one file, directory or link of an archive. Link is the target of a
// symbolic link, Hard the name of an earlier file that it repeats.
type entry struct {
	name string
	mode fs.FileMode
	link string
	hard string
	data io.Reader
}

// writer writes entries below a directory that is empty at first. Nothing is
// ever written through a link: every path is written once, and never below
// something that is no directory.
type writer struct {
	root    *os.Root
	limits  limits
	entries int
	total   int64
	seen    map[string]fs.FileMode // type bits of what has been written
}

func newWriter(root *os.Root, l limits) *writer {
	return &writer{root: root, limits: l, seen: map[string]fs.FileMode{".": fs.ModeDir}}
}

func (w *writer) write(e entry) error {
	if w.entries++; w.entries > w.limits.entries {
		return unsafe("more than %d entries", w.limits.entries)
	}
	name, err := cleanName(e.name)
	if err != nil {
		return err
	}
	if name == "." {
		return nil
	}
	if err := w.place(name, e.mode.Type()); err != nil {
		return err
	}
	switch {
	case e.hard != "":
		return w.repeat(name, e.hard)
	case e.mode.IsDir():
		return w.dir(name)
	case e.mode.Type() == fs.ModeSymlink:
		return w.root.Symlink(e.link, name)
	case e.mode.IsRegular():
		return w.file(name, e.mode, e.data)
	}
	return unsafe("%q is neither a file, a directory nor a link", e.name)
}

// cleanName returns the path of an entry below the root.
func cleanName(name string) (string, error) {
	clean := strings.TrimSuffix(name, "/")
	for strings.HasPrefix(clean, "./") {
		clean = strings.TrimPrefix(clean, "./")
	}
	if clean == "" && name != "" && !strings.HasPrefix(name, "/") {
		clean = "."
	}
	if !fs.ValidPath(clean) || strings.ContainsAny(clean, "\\\x00") {
		return "", unsafe("path %q leads out of the release", name)
	}
	return clean, nil
}

// place makes the directories above name and refuses a name that is taken.
func (w *writer) place(name string, kind fs.FileMode) error {
	if was, ok := w.seen[name]; ok {
		if was == fs.ModeDir && kind == fs.ModeDir {
			return nil
		}
		return unsafe("path %q stands there twice", name)
	}
	if err := w.dir(path.Dir(name)); err != nil {
		return err
	}
	if kind != fs.ModeDir { // dir notes those that it makes
		w.seen[name] = kind
	}
	return nil
}

func (w *writer) dir(name string) error {
	for i := range len(name) + 1 {
		if i < len(name) && name[i] != '/' {
			continue
		}
		part := name[:i]
		kind, ok := w.seen[part]
		if ok && kind != fs.ModeDir {
			return unsafe("path %q stands below a file or a link", name)
		}
		if ok {
			continue
		}
		if err := w.root.Mkdir(part, 0o755); err != nil {
			return err
		}
		w.seen[part] = fs.ModeDir
	}
	return nil
}

// file keeps of the mode only whether the file can be executed.
func (w *writer) file(name string, mode fs.FileMode, data io.Reader) error {
	perm := fs.FileMode(0o644)
	if mode&0o111 != 0 {
		perm = 0o755
	}
	f, err := w.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return err
	}
	n, err := io.Copy(f, io.LimitReader(data, w.limits.file+1))
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("unpack %s: %w", name, err)
	}
	w.total += n
	if n > w.limits.file {
		return unsafe("%q is larger than %d bytes", name, w.limits.file)
	}
	if w.total > w.limits.total {
		return unsafe("more than %d bytes in all files", w.limits.total)
	}
	return nil
}

func (w *writer) repeat(name, of string) error {
	first, err := cleanName(of)
	if err != nil {
		return err
	}
	if kind, ok := w.seen[first]; !ok || kind != 0 || first == name {
		return unsafe("%q is a link to %q, which is no file before it", name, of)
	}
	f, err := w.root.Open(first)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return w.file(name, info.Mode(), f)
}

// checkLinks wants every symbolic link of a tree to lead to something in it.
func checkLinks(root *os.Root) error {
	return fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.Type() != fs.ModeSymlink {
			return err
		}
		target, err := root.Readlink(name)
		if err != nil {
			return err
		}
		if path.IsAbs(target) || !fs.ValidPath(path.Join(path.Dir(name), target)) {
			return unsafe("the link %q leads out of the release, to %q", name, target)
		}
		if _, err := root.Stat(name); err != nil {
			return unsafe("the link %q leads to nothing in the release: %q", name, target)
		}
		return nil
	})
}
