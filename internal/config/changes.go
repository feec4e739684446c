package config

import (
	"bytes"
	"fmt"
	"io/fs"
	"slices"

	"github.com/sentryctl/sentryctl/internal/config/merge"
	"github.com/sentryctl/sentryctl/internal/config/option"
)

// Change is a file that is going to be other than it is. The diff shows no
// secret.
type Change struct {
	Path    string      `json:"path"`
	Mode    fs.FileMode `json:"-"`
	New     bool        `json:"new,omitempty"` // there is no such file yet
	Added   int         `json:"added"`
	Removed int         `json:"removed"`
	Diff    string      `json:"diff"`
}

// Changes compares rendered files with what is on disk. AppliedPath is no
// file of the admin's and is left out.
func Changes(files []File, disk fs.FS, a Answers) ([]Change, error) {
	reg, err := option.Load()
	if err != nil {
		return nil, fmt.Errorf("load the option registry: %w", err)
	}
	m := newMask(reg, a)
	for _, f := range files {
		m.learn(f.Path, f.Data)
		if old, _, err := read(disk, f.Path); err == nil {
			m.learn(f.Path, old)
		}
	}
	var out []Change
	for _, f := range files {
		old, found, err := read(disk, f.Path)
		if err != nil {
			return nil, err
		}
		if f.Path == AppliedPath || found && bytes.Equal(old, f.Data) {
			continue
		}
		d := merge.Diff{Old: old, New: f.Data, OldName: "a/" + f.Path, NewName: "b/" + f.Path, Shown: m.line}
		if !found {
			d.OldName = "/dev/null"
		}
		c := Change{Path: f.Path, Mode: f.Mode, New: !found}
		c.Diff, c.Added, c.Removed = merge.Unified(d)
		out = append(out, c)
	}
	return out, nil
}

// Paths names the files of the changes.
func Paths(changes []Change) []string {
	var out []string
	for _, c := range changes {
		out = append(out, c.Path)
	}
	slices.Sort(out)
	return out
}
