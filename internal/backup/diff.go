package backup

import (
	"context"
	"strings"

	"github.com/sentryctl/sentryctl/internal/backup/repository"
)

// Diff lists the files in which two backups differ, those of volumes below
// the volume's name and those of the site below "site". A volume that only one
// of them has is one change, with a slash at the end of its name.
func Diff(ctx context.Context, rep *repository.Repository, before, after Set) ([]repository.Change, error) {
	old, err := before.Snapshots(ctx, rep)
	if err != nil {
		return nil, err
	}
	fresh, err := after.Snapshots(ctx, rep)
	if err != nil {
		return nil, err
	}
	was := map[string]repository.Snapshot{}
	for _, s := range old {
		was[s.Source.Path] = s
	}
	var all []repository.Change
	for _, s := range fresh {
		name := s.Source.Path
		prior, had := was[name]
		delete(was, name)
		switch {
		case name == manifestPath:
			continue
		case !had:
			all = append(all, repository.Change{Path: below(name), What: "added", After: s.Bytes})
			continue
		}
		changes, err := rep.Diff(ctx, prior, s)
		if err != nil {
			return nil, err
		}
		for _, c := range changes {
			c.Path = below(name) + c.Path
			all = append(all, c)
		}
	}
	for _, s := range old {
		if _, gone := was[s.Source.Path]; gone {
			all = append(all, repository.Change{Path: below(s.Source.Path), What: "removed", Before: s.Bytes})
		}
	}
	return all, nil
}

func below(snapshotPath string) string {
	return strings.TrimPrefix(strings.TrimPrefix(snapshotPath, "/volumes"), "/") + "/"
}
