package upgrade

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
)

// editedBytes is more than a file has that somebody edits. Larger ones, such as databases
// of places, are brought up to date by programs.
const editedBytes = 1 << 20

// digests are those of the site's files, by their paths.
type digests map[string]string

// names are a set of paths.
type names map[string]bool

// staged notes what a stage was made of.
type staged struct {
	Digests digests `json:"digests"`   // of the files whose edits would be lost, or are read by the hop
	Own     names   `json:"untouched"` // the admin's, which the hop does not write
}

// newStaged leaves out the admin's own files that the hop neither writes nor reads: logs
// grow, archives come and go.
func newStaged(found digests, own names) staged {
	maps.DeleteFunc(found, func(rel, _ string) bool {
		ext := filepath.Ext(rel)
		return own[rel] && ext != ".yml" && ext != ".yaml" && !strings.HasPrefix(filepath.Base(rel), ".env")
	})
	return staged{found, own}
}

func stagedFile(s *site.Site) string { return own(s, "stage.json") }

// takeDigests reads what of the site's files can be read, also through links, but for those
// that are passed over.
func takeDigests(s *site.Site, passed func(rel string) bool) (digests, error) {
	d := digests{}
	err := walkFiles(s.Dir, func(rel string, _ fs.DirEntry) error {
		if passed(rel) {
			return nil
		}
		info, err := os.Stat(s.Path(rel))
		if err == nil && (!info.Mode().IsRegular() || info.Size() > editedBytes) {
			return nil
		}
		var data []byte
		if err == nil {
			data, err = os.ReadFile(s.Path(rel))
		}
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("look at %s: %w", rel, err)
		}
		sum := sha256.Sum256(data)
		d[rel] = hex.EncodeToString(sum[:])
		return nil
	})
	return d, err
}

func (d staged) write(s *site.Site) error {
	data, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("note the site's files: %w", err)
	}
	return site.WriteFile(stagedFile(s), data, 0o600)
}

// changed names the files that are not as they were. New ones count where the hop would
// write over them.
func (d staged) changed(now digests, s *site.Site) (names []string) {
	for name, was := range d.Digests {
		if now[name] != was {
			names = append(names, name)
		}
	}
	for name := range now {
		if _, was := d.Digests[name]; !was && !d.Own[name] && present(filepath.Join(StageDir(s), name)) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// seeEdits refuses to go on with files that somebody has changed since they were merged:
// what takes their places is as they were then.
func seeEdits() Step {
	return Step{
		ID: "see-edits", Title: "See that your files are as they were merged", Idempotent: true, Always: true,
		Skip: func(_ context.Context, e *Env) (string, error) {
			p, found, err := ReadPlaced(e.Site)
			if err == nil && found && p.Run == e.Run {
				return "the release's files have taken their places", nil
			}
			return "", err
		},
		Run: func(_ context.Context, e *Env) error { return seeEdited(e) },
	}
}

func seeEdited(e *Env) error {
	list, err := Edited(e.Site)
	if err != nil || len(list) == 0 {
		return err
	}
	return fault.New(fault.Resumable, "Run the upgrade again: it merges them anew, and finds there already what it has brought and copied",
		"changed since they were merged with the release: %s", strings.Join(list[:min(len(list), 5)], ", "))
}

// Edited names the files that somebody has changed since a hop merged them, none where
// no hop has.
func Edited(s *site.Site) ([]string, error) {
	var merged staged
	if found, err := readNote(stagedFile(s), &merged); err != nil || !found || merged.Digests == nil {
		return nil, err
	}
	// The services may stand still: of the admin's own only what was read is read again.
	now, err := takeDigests(s, func(rel string) bool { return merged.Own[rel] && merged.Digests[rel] == "" })
	if err != nil {
		return nil, err
	}
	return merged.changed(now, s), nil
}
