package upgrade

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/step"
)

// Placed is the note of the last hop: what it replaced in the site, and where
// its checkpoint is. It is the way back.
type Placed struct {
	Run      string         `json:"run"`
	From     calver.Version `json:"from"`
	To       calver.Version `json:"to"`
	Set      string         `json:"set"`
	Replaced []string       `json:"replaced"` // kept below previous/files; those removed too
	Added    []string       `json:"added"`
}

// The steps that write the site's files.
const (
	placeID   step.ID = "place-release"
	putBackID step.ID = "put-back-files"
)

const (
	recordFile = ".sentryctl/site.yaml"
	listFile   = "list.json"
)

func previousDir(s *site.Site, elem ...string) string {
	return own(s, append([]string{"previous"}, elem...)...)
}

// ReadPlaced reads the note of the last hop; false when there is none.
func ReadPlaced(s *site.Site) (p Placed, found bool, err error) {
	found, err = readNote(previousDir(s, listFile), &p)
	return p, found, err
}

// placeRelease puts the staged files into the site. What they replace is kept
// first, as a whole.
func placeRelease() Step {
	return Step{
		ID: placeID, Title: "Put the release's files in place", Idempotent: true,
		Run: func(ctx context.Context, e *Env) error {
			defer e.forget()
			p, found, err := ReadPlaced(e.Site)
			if err != nil {
				return err
			}
			if !found || p.Run != e.Run {
				if err := seeEdited(e); err != nil {
					return err
				}
				if p, err = e.keepPrevious(); err != nil {
					return err
				}
			}
			if err := p.apply(e.Site); err != nil {
				return err
			}
			e.forget()
			s, err := e.Stack(ctx)
			if err != nil {
				return err
			}
			return s.UseKept(ctx, keptTag(e.Hop.To))
		},
	}
}

// keepPrevious copies what the hop is going to replace.
func (e *Env) keepPrevious() (Placed, error) {
	p := Placed{Run: e.Run, From: e.Hop.From, To: e.Hop.To, Set: e.Set, Replaced: []string{recordFile}}
	stage, applied := StageDir(e.Site), filepath.FromSlash(config.AppliedPath)
	var was staged
	if _, err := readNote(stagedFile(e.Site), &was); err != nil {
		return p, err
	}
	note := func(rel string) {
		switch {
		case was.Own[rel]:
		case !present(e.Site.Path(rel)):
			p.Added = append(p.Added, rel)
		case !same(filepath.Join(stage, rel), e.Site.Path(rel)):
			p.Replaced = append(p.Replaced, rel)
		}
	}
	err := walkFiles(stage, func(rel string, _ fs.DirEntry) error {
		note(rel)
		return nil
	})
	if err != nil {
		return p, err
	}
	if present(filepath.Join(stage, applied)) {
		note(applied)
	}
	err = walkFiles(e.Site.ReleaseDir(e.Hop.From), func(rel string, _ fs.DirEntry) error {
		if !present(filepath.Join(stage, rel)) && present(e.Site.Path(rel)) {
			p.Replaced = append(p.Replaced, rel)
		}
		return nil
	})
	if err != nil {
		return p, err
	}
	return p, p.keep(e.Site)
}

func (p Placed) keep(s *site.Site) error {
	fresh := previousDir(s) + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return fmt.Errorf("clear half a copy: %w", err)
	}
	for _, rel := range p.Replaced {
		if err := keepFile(s, rel, filepath.Join(fresh, "files")); err != nil {
			return err
		}
	}
	data, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return fmt.Errorf("note what is replaced: %w", err)
	}
	if err := site.WriteFile(filepath.Join(fresh, listFile), data, 0o600); err != nil {
		return err
	}
	if err := os.Chmod(fresh, 0o700); err != nil {
		return fmt.Errorf("close the copy to others: %w", err)
	}
	if err := os.RemoveAll(previousDir(s)); err != nil {
		return fmt.Errorf("replace the copy of before: %w", err)
	}
	if err := os.Rename(fresh, previousDir(s)); err != nil {
		return fmt.Errorf("replace the copy of before: %w", err)
	}
	return nil
}

// keepFile copies a file of the site. Where the hop writes through a link, what the link
// leads to is kept.
func keepFile(s *site.Site, rel, to string) error {
	staged, err := os.Lstat(filepath.Join(StageDir(s), rel))
	if err == nil && staged.Mode().IsRegular() {
		info, statErr := os.Stat(s.Path(rel))
		data, readErr := os.ReadFile(s.Path(rel))
		if statErr == nil && readErr == nil {
			return site.WriteFile(filepath.Join(to, rel), data, info.Mode().Perm())
		}
	}
	return copyFile(s.Dir, rel, to)
}

// apply brings the stage into the site. It can be repeated.
func (p Placed) apply(s *site.Site) error {
	stage := StageDir(s)
	for _, rel := range append(append([]string{}, p.Replaced...), p.Added...) {
		if rel == recordFile {
			continue // it is written when the hop has proven to work
		}
		if present(filepath.Join(stage, rel)) {
			if same(filepath.Join(stage, rel), s.Path(rel)) {
				continue
			}
			if err := copyFile(stage, rel, s.Dir); err != nil {
				return err
			}
			continue
		}
		if err := os.Remove(s.Path(rel)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove what the release does not have: %w", err)
		}
	}
	return nil
}

// Settle brings the site's files to one release where a hop, or the way back of
// one, was cut short in the midst of them: a project of two halves cannot even be
// read. records are those of the run; back says which way it went.
func Settle(s *site.Site, p Placed, records []step.Record, back bool) error {
	switch {
	case p.Run == "" || !within(records, placeID) && !within(records, putBackID):
		return nil
	case back:
		return p.PutBack(s)
	}
	return p.apply(s)
}

// within tells that a step was begun and has not come to its good end.
func within(records []step.Record, id step.ID) bool {
	is := false
	for _, r := range records {
		if r.Step == id {
			is = r.Kind != step.KindDone && r.Kind != step.KindSkipped
		}
	}
	return is
}

// PutBack brings the site's files to what they were before the hop. It can be
// repeated.
func (p Placed) PutBack(s *site.Site) error {
	for _, rel := range p.Replaced {
		kept := previousDir(s, "files", rel)
		if same(kept, s.Path(rel)) {
			continue
		}
		if err := copyFile(previousDir(s, "files"), rel, s.Dir); err != nil {
			return err
		}
	}
	for _, rel := range p.Added {
		if err := os.Remove(s.Path(rel)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove what the release brought: %w", err)
		}
	}
	return nil
}
