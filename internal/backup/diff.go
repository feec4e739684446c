package backup

import (
	"context"
	"strings"

	"github.com/sentryctl/sentryctl/internal/backup/repository"
)

// Diff lists the files in which two backups differ, those of volumes below
// the volume's name and those of the site below "site".
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
		if !had || name == manifestPath {
			continue
		}
		changes, err := rep.Diff(ctx, prior, s)
		if err != nil {
			return nil, err
		}
		for _, c := range changes {
			c.Path = strings.TrimPrefix(strings.TrimPrefix(name, "/volumes"), "/") + "/" + c.Path
			all = append(all, c)
		}
	}
	return all, nil
}
