package upgrade

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
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

func digestsFile(s *site.Site) string { return own(s, "stage.json") }

// takeDigests reads what of the site's files can be read, also through links.
func takeDigests(s *site.Site) (digests, error) {
	d := digests{}
	err := walkFiles(s.Dir, func(rel string, _ fs.DirEntry) error {
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

func (d digests) write(s *site.Site) error {
	data, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("note the site's files: %w", err)
	}
	return site.WriteFile(digestsFile(s), data, 0o600)
}

// changed names the files that are not as they were. New ones count where the hop would
// write over them.
func (d digests) changed(now digests, s *site.Site) (names []string) {
	for name := range d {
		if now[name] != d[name] {
			names = append(names, name)
		}
	}
	for name := range now {
		if _, was := d[name]; !was && present(filepath.Join(StageDir(s), name)) {
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
		Run: func(_ context.Context, e *Env) error {
			merged := digests{}
			if found, err := readNote(digestsFile(e.Site), &merged); err != nil || !found {
				return err
			}
			now, err := takeDigests(e.Site)
			if err != nil {
				return err
			}
			if list := merged.changed(now, e.Site); len(list) > 0 {
				return fault.New(fault.Resumable, "Run the upgrade again: it merges them anew, and finds there already what it has brought and copied",
					"changed since they were merged with the release: %s", strings.Join(list[:min(len(list), 5)], ", "))
			}
			return nil
		},
	}
}
