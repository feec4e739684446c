package config

import (
	"fmt"
	"io/fs"
	"slices"

	"github.com/sentryctl/sentryctl/internal/config/pyconf"
	"github.com/sentryctl/sentryctl/internal/fault"
)

// keptHeading stands above what KeepPython moved.
const keptHeading = "# Written by hand into sentryctl's block, and kept behind it, where it wins:"

// KeepPython returns rendered files in which the statements that an admin
// wrote into our block of sentry.conf.py stand right behind it: there they are
// the admin's, and win. A statement of ours that was taken out cannot be kept
// out that way and is an error of code fault.Usage.
func KeepPython(files []File, disk fs.FS) ([]File, error) {
	i := slices.IndexFunc(files, func(f File) bool { return f.Path == confPath })
	old, found, err := read(disk, confPath)
	if err != nil || !found || i < 0 {
		return files, err
	}
	mine, err := pyconf.Statements(blockOf(confPath, old))
	if err != nil {
		return nil, fmt.Errorf("keep your edit of %s: %w", confPath, err)
	}
	theirs, err := pyconf.Statements(blockOf(confPath, files[i].Data))
	if err != nil {
		return nil, fmt.Errorf("keep your edit of %s: %w", confPath, err)
	}
	was := readApplied(disk)
	ours := func(statement string) bool { return slices.Contains(was.Python, was.digest([]byte(statement))) }
	added := []string{keptHeading}
	for _, s := range mine {
		if !ours(s) && !slices.Contains(theirs, s) {
			added = append(added, s)
		}
	}
	for _, s := range theirs {
		if ours(s) && !slices.Contains(mine, s) && !setAnew(s, added) {
			return nil, fault.New(fault.Usage, "Take the answer back that sets it: sentryctl config unset KEY", "%s: %s was taken out by hand, and the answers still set it", confPath, pyconf.Target(s))
		}
	}
	if len(added) == 1 {
		return files, nil
	}
	out, err := pyconf.Behind(files[i].Data, added)
	if err != nil {
		return nil, fmt.Errorf("keep your edit of %s: %w", confPath, err)
	}
	kept := slices.Clone(files)
	kept[i].Data = out
	return kept, nil
}

// setAnew tells whether one of the statements sets what s sets.
func setAnew(s string, statements []string) bool {
	return slices.ContainsFunc(statements, func(other string) bool { return pyconf.Target(other) == pyconf.Target(s) })
}
