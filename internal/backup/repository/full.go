package repository

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/sentryctl/sentryctl/internal/fault"
)

// unfinished are the names of blobs that kopia had no room to write.
var unfinished = regexp.MustCompile(`\.tmp\.[0-9a-f]{8,}$`)

// full says that a repository has no room any more, which kopia may tell in
// words only. What the failed writes have left, and kopia never removes, goes.
func (r *Repository) full(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil {
		return err
	}
	known := errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT)
	if text := err.Error(); !known && !strings.Contains(text, unix.ENOSPC.Error()) && !strings.Contains(text, unix.EDQUOT.Error()) {
		return err
	}
	if r.target.Kind == Folder {
		err = errors.Join(err, removeUnfinished(r.target.Path))
	}
	return fault.New(fault.Resumable, "Make room where the repository is (sentryctl backup forget, then: sentryctl backup prune), and run it again: the backups in it are whole",
		"the repository %s is full: %w", r.target, err)
}

func removeUnfinished(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || !unfinished.MatchString(d.Name()) {
			return err
		}
		if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
}
