package upgrade

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sentryctl/sentryctl/internal/site"
)

// walkFiles goes through the files and links below a directory that belong to
// a release or its admin: neither ours nor git's. The directory itself may be a link.
func walkFiles(root string, visit func(rel string, d fs.DirEntry) error) error {
	root, err := filepath.EvalSymlinks(root)
	if err != nil {
		return fmt.Errorf("find the directory: %w", err)
	}
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("read %s: %w", root, err)
		}
		rel, err := filepath.Rel(root, path)
		switch {
		case err != nil || rel == ".":
			return err
		case d.IsDir() && (rel == ".sentryctl" || rel == ".git"):
			return fs.SkipDir
		case d.IsDir():
			return nil
		}
		return visit(rel, d)
	})
}

func present(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// copyFile copies a file of one directory into another, with its mode. A link stays one
// where it leads to a place in the same directory. Of others what they lead to is copied:
// through the copy of such a link the original would be written.
func copyFile(root, rel, toRoot string) error {
	from, to := filepath.Join(root, rel), filepath.Join(toRoot, rel)
	info, err := os.Lstat(from)
	if err != nil {
		return fmt.Errorf("look at %s: %w", from, err)
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		info = outside(root, rel)
		if info == nil || !info.Mode().IsRegular() {
			return copyLink(from, to)
		}
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return fmt.Errorf("copy: %w", err)
	}
	return site.WriteFile(to, data, info.Mode().Perm())
}

// outside is what a link leads to that does not lead to a place in its own directory by a
// path from there, nil for a link that does, or leads nowhere.
func outside(root, rel string) fs.FileInfo {
	path := filepath.Join(root, rel)
	target, err := os.Readlink(path)
	if err != nil || !filepath.IsAbs(target) && filepath.IsLocal(filepath.Join(filepath.Dir(rel), target)) {
		return nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil
	}
	return info
}

func copyLink(from, to string) error {
	target, err := os.Readlink(from)
	if err != nil {
		return fmt.Errorf("read link: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return fmt.Errorf("make directory for %s: %w", to, err)
	}
	if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("replace link: %w", err)
	}
	if err := os.Symlink(target, to); err != nil {
		return fmt.Errorf("place link: %w", err)
	}
	return nil
}

// same tells whether two paths hold the same: one file, one link, or the same
// content, which b may hold through a link.
func same(a, b string) bool {
	x, errA := os.Lstat(a)
	y, errB := os.Lstat(b)
	if errA != nil || errB != nil {
		return false
	}
	if os.SameFile(x, y) {
		return true
	}
	if x.Mode()&fs.ModeSymlink != 0 {
		to, errA := os.Readlink(a)
		at, errB := os.Readlink(b)
		return errA == nil && errB == nil && to == at
	}
	if y.Mode()&fs.ModeSymlink != 0 {
		if y, errB = os.Stat(b); errB != nil {
			return false
		}
	}
	data, err := os.ReadFile(a)
	return err == nil && x.Mode().Perm() == y.Mode().Perm() && site.SameFile(b, data)
}
