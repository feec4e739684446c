package repository

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/kopia/kopia/repo/blob"
	"github.com/kopia/kopia/repo/content"
	"github.com/kopia/kopia/repo/content/index"
	"github.com/kopia/kopia/repo/maintenance"
	"github.com/kopia/kopia/repo/manifest"
	"github.com/kopia/kopia/snapshot"
)

// page is where kopia keeps manifests: some in each, and an entry in a later
// page takes the place of an earlier one. kopia reads all pages or none.
type page struct {
	Entries []pageEntry `json:"entries"`
}

type pageEntry struct {
	ID      manifest.ID       `json:"id"`
	Labels  map[string]string `json:"labels"`
	ModTime time.Time         `json:"modified"`
	Deleted bool              `json:"deleted"`
	Data    json.RawMessage   `json:"data"`
}

func (e pageEntry) matches(labels map[string]string) bool {
	for key, value := range labels {
		if e.Labels[key] != value {
			return false
		}
	}
	return true
}

// pages reads the entries of all pages that can be read, and says which
// cannot. A place that does not answer is an error.
func (r *Repository) pages(ctx context.Context) (all map[manifest.ID]pageEntry, broken []string, err error) {
	var mu sync.Mutex
	all = map[manifest.ID]pageEntry{}
	reader := r.rep.ContentReader()
	err = reader.IterateContents(ctx, content.IterateOptions{Range: index.PrefixRange(manifest.ContentPrefix), Parallel: 4}, func(info content.Info) error {
		p, err := readPage(ctx, reader, info.ContentID)
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			if away.MatchString(err.Error()) || ctx.Err() != nil {
				return err
			}
			broken = append(broken, fmt.Sprintf("a page of the list of snapshots, in blob %s: %v", info.PackBlobID, err))
		}
		for _, e := range p.Entries {
			if was, seen := all[e.ID]; !seen || e.ModTime.After(was.ModTime) {
				all[e.ID] = e
			}
		}
		return nil
	})
	maps.DeleteFunc(all, func(_ manifest.ID, e pageEntry) bool { return e.Deleted })
	slices.Sort(broken)
	return all, broken, err
}

func readPage(ctx context.Context, reader content.Reader, id content.ID) (p page, err error) {
	data, err := reader.GetContent(ctx, id)
	if err != nil {
		return p, err
	}
	in, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return p, err
	}
	return p, json.NewDecoder(in).Decode(&p)
}

// salvage lists the snapshots that can still be read where kopia, for a page
// that is damaged, would list none.
func (r *Repository) salvage(ctx context.Context, labels map[string]string) ([]Snapshot, error) {
	entries, broken, err := r.pages(ctx)
	if err != nil {
		return nil, err
	}
	var list []Snapshot
	for id, e := range entries {
		if !e.matches(labels) {
			continue
		}
		m := &snapshot.Manifest{}
		if err := json.Unmarshal(e.Data, m); err != nil {
			broken = append(broken, fmt.Sprintf("snapshot %s: %v", id, err))
			continue
		}
		m.ID = id
		list = append(list, newSnapshot(m))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.broken = broken
	return list, nil
}

// Unlisted says what List and Get could not read and have passed over. Where
// there is something, no snapshot may be removed: what it needs is not known.
func (r *Repository) Unlisted() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.broken)
}

// lostIndexes finds packs that no index knows, though neither a session that
// was cut short nor the repository's maintenance explains it.
func (r *Repository) lostIndexes(ctx context.Context, blobs map[blob.ID]blob.Metadata) ([]string, error) {
	// In this order: a session that ends meanwhile has its index by then.
	reader := r.rep.ContentReader()
	open, err := reader.ListActiveSessions(ctx)
	if err != nil {
		return nil, err
	}
	if err := r.rep.Refresh(ctx); err != nil {
		return nil, err
	}
	known := map[blob.ID]bool{}
	err = reader.IteratePacks(ctx, content.IteratePackOptions{IncludePacksWithOnlyDeletedContent: true}, func(p content.PackInfo) error {
		known[p.PackID] = true
		return nil
	})
	if err != nil {
		return nil, err
	}
	tidied, err := lastMaintenance(ctx, r)
	if err != nil {
		return nil, err
	}
	var lost []string
	for id, b := range blobs {
		if known[id] || !(id[0] == 'p' || id[0] == 'q') || b.Timestamp.Before(tidied) {
			continue
		}
		if _, unfinished := open[content.SessionIDFromBlobID(id)]; !unfinished {
			lost = append(lost, fmt.Sprintf("what blob %s holds: its index is lost", id))
		}
	}
	slices.Sort(lost)
	return lost, nil
}

// lastMaintenance is when the repository was last tidied, which leaves packs
// behind for later.
func lastMaintenance(ctx context.Context, r *Repository) (last time.Time, err error) {
	s, err := maintenance.GetSchedule(ctx, r.rep)
	if err != nil {
		return last, err
	}
	for _, runs := range s.Runs {
		for _, run := range runs {
			if run.End.After(last) {
				last = run.End
			}
		}
	}
	return last, nil
}

// errUnlisted is why nothing is removed from a repository with damage.
func (r *Repository) errUnlisted() error {
	if broken := r.Unlisted(); len(broken) > 0 {
		return integrity(errors.New("the list of snapshots is damaged: " + broken[0]))
	}
	return nil
}
