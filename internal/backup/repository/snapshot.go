package repository

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kopia/kopia/repo"
	"github.com/kopia/kopia/repo/manifest"
	"github.com/kopia/kopia/snapshot"

	"github.com/sentryctl/sentryctl/internal/fault"
)

// Source names what is snapshotted again and again: Path of a site. The
// public tool shows it as sentryctl@site:/path.
type Source struct {
	Site string `json:"site"`
	Path string `json:"path"` // absolute, slash-separated, not a path on disk
}

func (s Source) info() snapshot.SourceInfo {
	return snapshot.SourceInfo{Host: s.Site, UserName: clientUser, Path: s.Path}
}

// Snapshot is one state of a source in the repository.
type Snapshot struct {
	ID          string            `json:"id"`
	Source      Source            `json:"source"`
	Description string            `json:"description,omitempty"`
	Tags        map[string]string `json:"tags,omitempty"`
	Start       time.Time         `json:"start"`
	End         time.Time         `json:"end"`
	Root        string            `json:"root"` // digest of the whole tree: equal roots, equal trees
	Bytes       int64             `json:"bytes"`
	Files       int64             `json:"files"`
	Draft       bool              `json:"draft,omitempty"` // not a state to restore: a first pass, or cut short

	manifest *snapshot.Manifest
}

// tagPrefix is what the public tool puts before the names of tags.
const tagPrefix = "tag:"

func newSnapshot(m *snapshot.Manifest) Snapshot {
	s := Snapshot{
		ID: string(m.ID), Source: Source{Site: m.Source.Host, Path: m.Source.Path}, Description: m.Description,
		Start: m.StartTime.ToTime().UTC(), End: m.EndTime.ToTime().UTC(), Draft: m.IncompleteReason != "", manifest: m,
	}
	if m.RootEntry != nil {
		s.Root = m.RootEntry.ObjectID.String()
		if sum := m.RootEntry.DirSummary; sum != nil {
			s.Bytes, s.Files = sum.TotalFileSize, sum.TotalFileCount
		}
	}
	for name, value := range m.Tags {
		if s.Tags == nil {
			s.Tags = map[string]string{}
		}
		s.Tags[name[min(len(tagPrefix), len(name)):]] = value
	}
	return s
}

// List gives the snapshots of a source, oldest first. An empty Path means all
// of the site's, an empty Source all there are.
func (r *Repository) List(ctx context.Context, of Source) ([]Snapshot, error) {
	labels := map[string]string{manifest.TypeLabelKey: snapshot.ManifestType}
	if of.Site != "" {
		labels[snapshot.HostnameLabel] = of.Site
	}
	if of.Path != "" {
		labels[snapshot.PathLabel] = of.Path
	}
	all, err := list(ctx, r.rep, labels)
	if err != nil && fault.CodeOf(integrity(err)) == fault.Integrity {
		all, err = r.salvage(ctx, labels)
	}
	if err != nil {
		return nil, integrity(fmt.Errorf("list snapshots: %w", err))
	}
	slices.SortFunc(all, func(a, b Snapshot) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.ID, b.ID))
	})
	return all, nil
}

func list(ctx context.Context, rep repo.Repository, labels map[string]string) ([]Snapshot, error) {
	entries, err := rep.FindManifests(ctx, labels)
	if err != nil {
		return nil, err
	}
	all := make([]Snapshot, 0, len(entries))
	for _, e := range entries {
		m, err := snapshot.LoadSnapshot(ctx, rep, e.ID)
		if err != nil {
			return nil, fmt.Errorf("read snapshot %s: %w", e.ID, err)
		}
		all = append(all, newSnapshot(m))
	}
	return all, nil
}

// Get finds a snapshot by its ID.
func (r *Repository) Get(ctx context.Context, id string) (Snapshot, error) {
	m, err := snapshot.LoadSnapshot(ctx, r.rep, manifest.ID(id))
	switch {
	case err == nil:
		return newSnapshot(m), nil
	case !errors.Is(err, snapshot.ErrSnapshotNotFound):
		if err = integrity(fmt.Errorf("read snapshot %s: %w", id, err)); fault.CodeOf(err) != fault.Integrity {
			return Snapshot{}, err
		}
		all, err := r.salvage(ctx, map[string]string{manifest.TypeLabelKey: snapshot.ManifestType})
		if err != nil {
			return Snapshot{}, integrity(err)
		}
		if i := slices.IndexFunc(all, func(s Snapshot) bool { return s.ID == id }); i >= 0 {
			return all[i], nil
		}
		return Snapshot{}, r.errUnlisted()
	}
	return Snapshot{}, fault.New(fault.Usage, "Choose one of: sentryctl backup list", "there is no snapshot %s in the repository", id)
}

// Delete removes snapshots. What only they hold goes with the next full
// maintenance.
func (r *Repository) Delete(ctx context.Context, ids ...string) error {
	return integrity(r.write(ctx, "delete", nil, func(ctx context.Context, w repo.DirectRepositoryWriter) error {
		for _, id := range ids {
			if err := w.DeleteManifest(ctx, manifest.ID(id)); err != nil {
				return fmt.Errorf("delete snapshot %s: %w", id, err)
			}
		}
		return nil
	}))
}

// write runs one session: what was written counts once it ends well.
func (r *Repository) write(ctx context.Context, purpose string, sent func(int64), do func(context.Context, repo.DirectRepositoryWriter) error) error {
	o := repo.WriteSessionOptions{Purpose: purpose, OnUpload: sent}
	return repo.DirectWriteSession(ctx, r.rep, o, do)
}
