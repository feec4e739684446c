package upgrade

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/step"
)

// Rehearsal is what came of an upgrade that was tried on a copy of the site.
type Rehearsal struct {
	Site      string         `json:"site"`
	Begun     time.Time      `json:"begun"`
	From      calver.Version `json:"from"`
	To        calver.Version `json:"to"`
	Good      bool           `json:"good"`
	Problem   string         `json:"problem,omitempty"`
	Took      time.Duration  `json:"took_ns"`
	Copied    int64          `json:"copied_bytes"`
	Shared    bool           `json:"shared"`     // the copy shares blocks with the volumes
	CopyTook  time.Duration  `json:"copy_ns"`    // of files and volumes
	StartTook time.Duration  `json:"start_ns"`   // of the copy at the old release, until it worked
	Used      int64          `json:"used_bytes"` // of the Engine's disk at the end, images included; -1: not known
	Hops      []RehearsedHop `json:"hops"`
}

// RehearsedHop is one hop of a rehearsal. Gaps are those of the copy's doors;
// the checkpoint is not among what was done meanwhile.
type RehearsedHop struct {
	From   calver.Version `json:"from"`
	To     calver.Version `json:"to"`
	Rungs  int            `json:"rungs"`
	Good   bool           `json:"good"`
	Took   time.Duration  `json:"took_ns"`
	UI     time.Duration  `json:"ui_ns"`
	Ingest time.Duration  `json:"ingest_ns"`
	Steps  []StepTime     `json:"steps"`
}

// StepTime is how long a step took.
type StepTime struct {
	ID   step.ID       `json:"id"`
	Took time.Duration `json:"took_ns"`
}

// Downtime is for how long the front door of the copy was closed, in all hops.
func (r Rehearsal) Downtime() (sum time.Duration) {
	for _, h := range r.Hops {
		sum += h.UI
	}
	return sum
}

// StepTimes reads out of a journal how long each step took.
func StepTimes(records []step.Record) []StepTime {
	list, began := []StepTime{}, map[step.ID]time.Time{}
	for _, r := range records {
		switch r.Kind {
		case step.KindStarted:
			began[r.Step] = r.Time
		case step.KindDone, step.KindFailed:
			if t, ok := began[r.Step]; ok {
				list = append(list, StepTime{r.Step, r.Time.Sub(t)})
			}
		}
	}
	return list
}

// NotRehearsed are the steps of a hop that only serve the way back: a copy
// that fails is thrown away.
func NotRehearsed() []step.ID {
	return []step.ID{"copy-ahead", "keep-room", "checkpoint", "keep-room-for-data", "free-room"}
}

const keptRehearsals = 20

// SaveRehearsal keeps a report in the site, and lets the oldest go.
func SaveRehearsal(s *site.Site, r Rehearsal) (path string, err error) {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return "", fmt.Errorf("encode the report: %w", err)
	}
	path = s.Own("rehearsals", r.Begun.UTC().Format("20060102T150405.000Z")+".json")
	if err := site.WriteFile(path, append(data, '\n'), 0o600); err != nil {
		return path, err
	}
	all, err := filepath.Glob(s.Own("rehearsals", "*.json"))
	slices.Sort(all)
	for _, old := range all[:max(0, len(all)-keptRehearsals)] {
		err = errors.Join(err, os.Remove(old))
	}
	return path, err
}

// Rehearsals reads the reports, oldest first. One that cannot be read is
// passed over: only predictions come from it.
func Rehearsals(s *site.Site) ([]Rehearsal, error) {
	all, err := filepath.Glob(s.Own("rehearsals", "*.json"))
	if err != nil {
		return nil, err
	}
	slices.Sort(all)
	var list []Rehearsal
	for _, path := range all {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read a rehearsal: %w", err)
		}
		var r Rehearsal
		if json.Unmarshal(data, &r) == nil {
			list = append(list, r)
		}
	}
	return list, nil
}

// CopySite copies the files of a site to where it is rehearsed, with what it
// keeps of its present release and its answers. Backups and runs stay.
func CopySite(from, to *site.Site, version calver.Version) error {
	if err := to.Create(); err != nil {
		return err
	}
	err := walkFiles(from.Dir, func(rel string, d fs.DirEntry) error {
		if !d.Type().IsRegular() && d.Type()&fs.ModeSymlink == 0 {
			return nil
		}
		if info := outside(from.Dir, rel); info != nil && info.IsDir() {
			return copyTree(from.Path(rel), to.Path(rel))
		}
		return copyOwned(from.Dir, rel, to.Dir)
	})
	if err != nil {
		return err
	}
	for _, name := range []string{"site.yaml", "applied.json", "secrets", filepath.Join("releases", version.String())} {
		if err := copyTree(from.Own(name), to.Own(name)); err != nil {
			return err
		}
	}
	return nil
}

// copyTree copies a file or a directory that may not be there.
func copyTree(from, to string) error {
	from, err := filepath.EvalSymlinks(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("copy: %w", err)
	}
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if rel == "." {
			return copyOwned(filepath.Dir(from), filepath.Base(from), filepath.Dir(to))
		}
		return copyOwned(from, rel, to)
	})
}

// copyOwned copies a file with its owner: services that are not root read it.
func copyOwned(root, rel, toRoot string) error {
	if err := copyFile(root, rel, toRoot); err != nil {
		return err
	}
	from, to := filepath.Join(root, rel), filepath.Join(toRoot, rel)
	info, err := os.Lstat(from)
	if err != nil {
		return fmt.Errorf("look at %s: %w", from, err)
	}
	if target := outside(root, rel); target != nil {
		info = target
	}
	st, is := info.Sys().(*syscall.Stat_t)
	if !is || int(st.Uid) == os.Getuid() && int(st.Gid) == os.Getgid() {
		return nil
	}
	if err := os.Lchown(to, int(st.Uid), int(st.Gid)); err != nil {
		return fmt.Errorf("copy: %w", err)
	}
	return nil
}

// KeepFailed keeps what tells why a rehearsal failed, as for a hop of the site.
func KeepFailed(ctx context.Context, e *BackEnv) error { return keepFailed().Run(ctx, e) }
