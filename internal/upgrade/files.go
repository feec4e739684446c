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
// a release or its admin: neither ours nor git's.
func walkFiles(root string, visit func(rel string, d fs.DirEntry) error) error {
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

// copyFile copies a file with its mode, or a link as a link.
func copyFile(from, to string) error {
	info, err := os.Lstat(from)
	if err != nil {
		return fmt.Errorf("look at %s: %w", from, err)
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		return copyLink(from, to)
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return fmt.Errorf("copy: %w", err)
	}
	return site.WriteFile(to, data, info.Mode().Perm())
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
// content.
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
	data, err := os.ReadFile(a)
	return err == nil && x.Mode().Perm() == y.Mode().Perm() && site.SameFile(b, data)
}
