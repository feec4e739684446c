package release

import (
	"context"
	"fmt"
	"io/fs"
	"os"
)

// copyTree writes the files of dir into the root, under the same rules as an
// archive. What is not part of a release stays behind: the history of a
// checkout, and a site's own records.
func copyTree(ctx context.Context, dir string, root *os.Root, l limits) error {
	from, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("read release: %w", err)
	}
	defer from.Close()
	w := newWriter(root, l)
	return fs.WalkDir(from.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case d.IsDir() && (name == ".git" || name == ".sentryctl"):
			return fs.SkipDir
		}
		return copyEntry(from, w, name, d)
	})
}

func copyEntry(from *os.Root, w *writer, name string, d fs.DirEntry) error {
	info, err := d.Info()
	if err != nil {
		return err
	}
	e := entry{name: name, mode: info.Mode()}
	switch {
	case e.mode.Type() == fs.ModeSymlink:
		if e.link, err = from.Readlink(name); err != nil {
			return err
		}
	case e.mode.IsRegular():
		f, err := from.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		e.data = f
	}
	return w.write(e)
}
