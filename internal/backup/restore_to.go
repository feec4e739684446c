package backup

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/internal/fault"
)

// RestoreTo writes a backup's files into an empty directory, each volume below
// its name and the site's files below "site". No Engine is needed.
func RestoreTo(ctx context.Context, rep *repository.Repository, s Set, dir string, volumes []string, configOnly bool) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the directory to restore into: %w", err)
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) > 0 {
		return fault.New(fault.Usage, "Choose an empty directory with --to", "%s is not empty", dir)
	}
	for _, v := range s.Volumes {
		if configOnly || len(volumes) > 0 && !slices.ContainsFunc(volumes, v.is) {
			continue
		}
		attrs, err := s.Attributes(ctx, rep, v.Name)
		if err != nil {
			return err
		}
		one, err := rep.Get(ctx, v.Snapshot)
		if err != nil {
			return err
		}
		to := filepath.Join(dir, v.Name)
		if err := os.Mkdir(to, 0o700); err != nil {
			return fmt.Errorf("make a directory for %s: %w", v.Name, err)
		}
		o := repository.RestoreOptions{Snapshot: one, Dir: to, Attributes: attrs, SkipOwners: os.Getuid() != 0}
		if err := rep.Restore(ctx, o); err != nil {
			return err
		}
	}
	if len(volumes) > 0 {
		return nil
	}
	to := filepath.Join(dir, "site")
	if err := os.Mkdir(to, 0o700); err != nil {
		return fmt.Errorf("make a directory for the site: %w", err)
	}
	return PlaceSite(ctx, rep, s, to, nil)
}
