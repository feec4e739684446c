package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
)

// ownFiles is where a tree has the files of sentryctl.
const ownFiles = ".sentryctl"

// IncomingDir is where the files of a backup wait that take the place of
// another version's.
func IncomingDir(s *site.Site) string { return s.Own("backup", "incoming") }

// ReplacedDir is where the files of the version that was replaced are kept
// until the restored one has proven to work.
func ReplacedDir(s *site.Site) string { return s.Own("backup", "replaced") }

// outMark stands in ReplacedDir when all files of the version have gone there.
const outMark = "all-here"

func noReplaced(s *site.Site) error {
	if _, err := os.Lstat(ReplacedDir(s)); err == nil {
		return fault.New(fault.PreflightBlocked, "Look at it, then remove it", "%s is left from a restore before", ReplacedDir(s))
	}
	return nil
}

// StageSite writes the site's files of a backup beside those in use. Once the
// exchange has begun there is nothing to do.
func StageSite(ctx context.Context, rep *repository.Repository, set Set, s *site.Site) error {
	note, found, err := ReadRestoring(s)
	if err != nil || found && note.Swapping {
		return err
	}
	half := IncomingDir(s) + ".new"
	if err := errors.Join(os.RemoveAll(half), os.RemoveAll(IncomingDir(s))); err != nil {
		return fmt.Errorf("clear half a copy: %w", err)
	}
	if err := os.MkdirAll(half, 0o700); err != nil {
		return fmt.Errorf("make room for the backup's files: %w", err)
	}
	if err := PlaceSite(ctx, rep, set, half, nil); err != nil {
		return err
	}
	if err := os.Rename(half, IncomingDir(s)); err != nil {
		return fmt.Errorf("keep the backup's files: %w", err)
	}
	return nil
}

// Exchange lets the files of the backup take the place of the site's, which
// are kept. It can be repeated. The record says that the install that follows
// has not come to its end.
func Exchange(s *site.Site) error {
	incoming, replaced := IncomingDir(s), ReplacedDir(s)
	if _, err := os.Lstat(incoming); errors.Is(err, fs.ErrNotExist) {
		return nil // it was done before
	}
	if err := os.MkdirAll(filepath.Join(replaced, ownFiles), 0o700); err != nil {
		return fmt.Errorf("make room for what is replaced: %w", err)
	}
	if _, err := os.Lstat(filepath.Join(replaced, outMark)); errors.Is(err, fs.ErrNotExist) {
		if err := moveOut(s, replaced); err != nil {
			return err
		}
	}
	if err := moveAll(filepath.Join(incoming, ownFiles), s.Own(), stays); err != nil {
		return err
	}
	if err := moveAll(incoming, s.Dir, func(name string) bool { return name == ownFiles }); err != nil {
		return err
	}
	rec, err := s.ReadRecord()
	if err != nil {
		return err
	}
	rec.State = site.Installing
	if err := s.WriteRecord(rec); err != nil {
		return err
	}
	if err := os.RemoveAll(incoming); err != nil {
		return fmt.Errorf("remove what was moved: %w", err)
	}
	return nil
}

// moveOut moves the files in use to where they are kept. The record is copied:
// without it there would be no site.
func moveOut(s *site.Site, replaced string) error {
	if err := moveAll(s.Dir, replaced, func(name string) bool { return name == ownFiles }); err != nil {
		return err
	}
	record, err := os.ReadFile(s.Own(recordFile))
	if err != nil {
		return fmt.Errorf("keep the record: %w", err)
	}
	if err := site.WriteFile(filepath.Join(replaced, ownFiles, recordFile), record, 0o600); err != nil {
		return err
	}
	err = moveAll(s.Own(), filepath.Join(replaced, ownFiles), func(name string) bool { return name == recordFile || stays(name) })
	if err != nil {
		return err
	}
	return site.WriteFile(filepath.Join(replaced, outMark), nil, 0o600)
}

const recordFile = "site.yaml"

// stays tells whether a file of sentryctl belongs to the machine and not to
// the version.
func stays(name string) bool {
	return leftOut(ownFiles+"/"+name) || slices.Contains([]string{"history.jsonl", "health.jsonl"}, name)
}

// moveAll moves what a directory holds into another one on the same disk.
func moveAll(from, to string, skip func(name string) bool) error {
	list, err := os.ReadDir(from)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("list what is moved: %w", err)
	}
	for _, entry := range list {
		if skip(entry.Name()) {
			continue
		}
		if err := os.Rename(filepath.Join(from, entry.Name()), filepath.Join(to, entry.Name())); err != nil {
			return fmt.Errorf("move files: %w", err)
		}
	}
	return nil
}
