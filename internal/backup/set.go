package backup

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sentryctl/sentryctl/internal/backup/capture"
	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/internal/fault"
)

// Set is one whole backup in a repository.
type Set struct {
	Manifest
	Description string

	snapshot repository.Snapshot
}

// ID names a set for people and for commands.
func (s Set) ID() string { return s.Manifest.Set }

// Dated is the set as retention sees it.
func (s Set) Dated() Dated { return Dated{ID: s.ID(), Time: s.Begun.Local(), Good: true} }

// Damaged is a backup, or a part of the list of backups, that cannot be read.
type Damaged struct {
	ID  string // "" where it is not known
	Err error

	snapshot repository.Snapshot // of its manifest; zero where it is not known
}

// Dated is the backup as retention sees it.
func (d Damaged) Dated() Dated { return Dated{ID: d.ID, Time: d.snapshot.Start.Local()} }

// DamageError tells of damaged backups; nil for none.
func DamageError(list []Damaged) error {
	if len(list) == 0 {
		return nil
	}
	err := list[0].Err
	hint := cmp.Or(fault.HintOf(err), "Look at what is damaged: sentryctl backup verify --all")
	return fault.New(cmp.Or(fault.CodeOf(err), fault.Integrity), hint, "%d parts of the list of backups cannot be read: %s: %w", len(list), cmp.Or(list[0].ID, "unknown"), err)
}

// List gives the backups of a site that can be read, oldest first; of all
// sites for "".
func List(ctx context.Context, rep *repository.Repository, project string) ([]Set, error) {
	sets, _, err := ListAll(ctx, rep, project)
	return sets, err
}

// ListAll also gives those that are there and cannot be read.
func ListAll(ctx context.Context, rep *repository.Repository, project string) ([]Set, []Damaged, error) {
	found, err := rep.List(ctx, repository.Source{Site: project, Path: manifestPath})
	if err != nil {
		return nil, nil, err
	}
	sets, damaged := []Set{}, []Damaged{}
	for _, s := range found {
		data, err := rep.ReadFile(ctx, s, manifestFile)
		if err != nil && fault.CodeOf(err) != fault.Integrity {
			return nil, nil, err
		}
		var m Manifest
		if err == nil {
			m, err = DecodeManifest(data)
		}
		if err != nil {
			damaged = append(damaged, Damaged{ID: s.Tags[capture.SetTag], Err: err, snapshot: s})
			continue
		}
		sets = append(sets, Set{Manifest: m, Description: s.Description, snapshot: s})
	}
	for _, what := range rep.Unlisted() {
		damaged = append(damaged, Damaged{Err: fault.New(fault.Integrity, "Look at what is damaged: sentryctl backup verify --all", "%s", what)})
	}
	return sets, damaged, nil
}

// Find gives the set whose ID begins as said; the newest for "latest" or "". One
// that a crash has let be written twice is the later: both are whole.
func Find(sets []Set, id string) (Set, error) {
	if len(sets) == 0 {
		return Set{}, fault.New(fault.Usage, "Make one: sentryctl backup create", "there is no backup in the repository")
	}
	if id == "" || id == "latest" {
		return sets[len(sets)-1], nil
	}
	match := slices.DeleteFunc(slices.Clone(sets), func(s Set) bool { return !strings.HasPrefix(s.ID(), id) })
	other := func(s Set) bool { return s.ID() != match[0].ID() }
	if len(match) == 0 || slices.ContainsFunc(match, other) {
		return Set{}, fault.New(fault.Usage, "Choose one of: sentryctl backup list", "%d backups have an ID that begins with %s", len(match), id)
	}
	return match[len(match)-1], nil
}

// Pick gives the backup to restore: what Find gives. One that is damaged is
// refused by name. Where none is named, the warning tells of newer ones that
// are damaged.
func Pick(sets []Set, damaged []Damaged, id string) (s Set, warning string, err error) {
	named := id != "" && id != "latest"
	s, err = Find(sets, id)
	if err != nil {
		for _, d := range damaged {
			if len(sets) == 0 || named && d.ID != "" && strings.HasPrefix(d.ID, id) {
				return s, "", DamageError([]Damaged{d})
			}
		}
		return s, "", err
	}
	var newer []string
	for _, d := range damaged {
		if d.ID == "" || d.snapshot.Start.After(s.snapshot.Start) {
			newer = append(newer, fmt.Sprintf("%s: %v", cmp.Or(d.ID, "one whose ID is not known"), d.Err))
		}
	}
	if named || len(newer) == 0 {
		return s, "", nil
	}
	return s, fmt.Sprintf("backup %s is the newest that can be read; newer ones may be lost: %s", s.ID(), strings.Join(newer, "; ")), nil
}

// Snapshots are all the snapshots of a set, the manifest's first.
func (s Set) Snapshots(ctx context.Context, rep *repository.Repository) ([]repository.Snapshot, error) {
	all := []repository.Snapshot{s.snapshot}
	for _, saved := range append([]Saved{s.SiteFiles}, savedOf(s.Volumes)...) {
		one, err := rep.Get(ctx, saved.Snapshot)
		if err != nil {
			return nil, fault.New(fault.Integrity, "Restore another backup: sentryctl backup list", "backup %s lacks a part: %w", s.ID(), err)
		}
		if one.Root != saved.Root {
			return nil, fault.New(fault.Integrity, "Restore another backup: sentryctl backup list",
				"backup %s: %s is not what the manifest says", s.ID(), one.Source.Path)
		}
		all = append(all, one)
	}
	return all, nil
}

func savedOf(volumes []SavedVolume) []Saved {
	var all []Saved
	for _, v := range volumes {
		all = append(all, v.Saved)
	}
	return all
}

// Attributes reads what the repository's format has no place for, of a volume
// by its name or of the site's files for "".
func (s Set) Attributes(ctx context.Context, rep *repository.Repository, volume string) (repository.Attributes, error) {
	var a repository.Attributes
	if volume == "" {
		volume = strings.TrimPrefix(sitePath, "/")
	}
	names, err := rep.Files(ctx, s.snapshot)
	if err != nil || !slices.Contains(names, attributeFile(volume)) {
		return a, err
	}
	data, err := rep.ReadFile(ctx, s.snapshot, attributeFile(volume))
	if err != nil {
		return a, err
	}
	if err := json.Unmarshal(data, &a); err != nil {
		return a, fault.New(fault.Integrity, "Restore another backup: sentryctl backup list", "the attributes of %s are not readable: %w", volume, err)
	}
	return a, nil
}

// Forget removes backups. The manifest goes first: what is left after a crash
// is no backup any more, and the next Forget or Orphans removes it.
func Forget(ctx context.Context, rep *repository.Repository, sets ...Set) error {
	for _, s := range sets {
		ids := []string{s.snapshot.ID, s.SiteFiles.Snapshot}
		for _, v := range s.Volumes {
			ids = append(ids, v.Snapshot)
		}
		for _, id := range ids {
			if err := rep.Delete(ctx, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// ForgetDamaged removes backups whose manifest cannot be read, the manifest
// first, with all that was saved for them.
func ForgetDamaged(ctx context.Context, rep *repository.Repository, list ...Damaged) error {
	for _, d := range list {
		if d.snapshot.ID == "" || d.ID == "" {
			return fmt.Errorf("what belongs to a damaged backup is not known: %w", d.Err)
		}
		all, err := rep.List(ctx, repository.Source{Site: d.snapshot.Source.Site})
		if err != nil {
			return err
		}
		var parts []string
		for _, s := range all {
			if s.Tags[capture.SetTag] == d.ID && s.ID != d.snapshot.ID {
				parts = append(parts, s.ID)
			}
		}
		if err := rep.Delete(ctx, d.snapshot.ID); err != nil {
			return err
		}
		if err := rep.Delete(ctx, parts...); err != nil {
			return err
		}
	}
	return nil
}

// Orphans removes snapshots of a site's backups that did not come to their
// end, but for the newest one's, which the next backup builds upon.
func Orphans(ctx context.Context, rep *repository.Repository, project string) (int, error) {
	if project == "" {
		return 0, errors.New("no site is named")
	}
	sets, damaged, err := ListAll(ctx, rep, project)
	if err != nil {
		return 0, err
	}
	if len(rep.Unlisted()) > 0 {
		return 0, DamageError(damaged) // which ones belong to nothing cannot be known
	}
	whole := map[string]bool{}
	for _, d := range damaged {
		whole[d.ID] = true
	}
	for _, s := range sets {
		whole[s.ID()] = true
	}
	all, err := rep.List(ctx, repository.Source{Site: project})
	if err != nil {
		return 0, err
	}
	newest := ""
	for _, s := range all {
		newest = max(newest, s.Tags[capture.SetTag])
	}
	var ids []string
	for _, s := range all {
		if set := s.Tags[capture.SetTag]; set != "" && !whole[set] && set != newest {
			ids = append(ids, s.ID)
		}
	}
	return len(ids), rep.Delete(ctx, ids...)
}
