package gate

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/sentryctl/sentryctl/internal/config/merge"
	"github.com/sentryctl/sentryctl/internal/config/pyconf"
)

// Files are the files of a site that an upgrade carries on, by path.
type Files map[string][]byte

// Tree is a release: its files, and what the site's answers make of its examples
// where they are written into the midst of a file. With these, only what the
// admin has edited by hand counts as an edit.
type Tree struct {
	FS       fs.FS
	Rendered Files
}

// Carry takes a site's files from one release to the next: those of the
// release that the admin may have edited, and those that were made from its
// examples. Mine is what the former hop has made of them; what it does not hold
// is read from disk. The result belongs into the next Carry.
func Carry(base, theirs Tree, disk fs.FS, mine Files) (Files, []merge.Conflict, error) {
	from, err := examples(base)
	if err != nil {
		return nil, nil, fmt.Errorf("read the installed release: %w", err)
	}
	to, err := examples(theirs)
	if err != nil {
		return nil, nil, fmt.Errorf("read the next release: %w", err)
	}
	out := Files{}
	var conflicts []merge.Conflict
	for _, path := range slices.Sorted(maps.Keys(from)) {
		have, err := present(disk, mine, path)
		if err != nil {
			return nil, nil, fmt.Errorf("read %s: %w", path, err)
		}
		if have == nil {
			continue // the admin removed it, or the installer never made it
		}
		in := merge.Input{File: path, Base: withBlock(from[path], have), Theirs: withBlock(to[path], have), Mine: have, Resolve: merge.Stop}
		merged, found := merge.Files(in)
		if len(found) > 0 {
			conflicts = append(conflicts, found...)
			merged = have
		}
		if merged != nil {
			out[path] = merged
		}
	}
	return out, conflicts, nil
}

// examples are the text files of a release that stand in a site, those that
// are made from an example under the name that they get.
func examples(tree Tree) (Files, error) {
	files := Files{}
	err := fs.WalkDir(tree.FS, ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (path == "install" || path == "_integration-test" || path == "_unit-test" || path == "scripts" || strings.HasPrefix(path, ".git")):
			return fs.SkipDir
		case !d.Type().IsRegular():
			return nil
		}
		data, err := fs.ReadFile(tree.FS, path)
		name := strings.Replace(path, ".example.", ".", 1)
		if rendered, ok := tree.Rendered[name]; ok && name != path {
			data = rendered
		}
		if err == nil && !slices.Contains(data, 0) {
			files[name] = data
		}
		return err
	})
	return files, err
}

// present is the site's file.
func present(disk fs.FS, mine Files, path string) ([]byte, error) {
	if data, ok := mine[path]; ok {
		return data, nil
	}
	data, err := fs.ReadFile(disk, path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

// withBlock gives a release's file our block as the site has it. The merge then
// leaves the block alone, and what an admin wrote behind it stays behind it.
// Whether somebody edited the block is seen when it is rendered anew.
func withBlock(theirs, mine []byte) []byte {
	if theirs == nil || !bytes.Contains(mine, []byte(pyconf.Begin)) {
		return theirs
	}
	block, err := pyconf.Block(mine)
	if err != nil || block == nil {
		return theirs
	}
	if len(theirs) > 0 && !bytes.HasSuffix(theirs, []byte("\n")) {
		theirs = slices.Concat(theirs, []byte("\n"))
	}
	return slices.Concat(theirs, []byte("\n"), block)
}

// Over is a site in which files are what a Carry has made of them. What reads
// it by fs.ReadFile sees that.
func Over(files Files, site fs.FS) fs.FS { return over{site, files} }

type over struct {
	fs.FS
	files Files
}

// ReadFile makes it a fs.ReadFileFS.
func (o over) ReadFile(name string) ([]byte, error) {
	if data, ok := o.files[name]; ok {
		return slices.Clone(data), nil
	}
	return fs.ReadFile(o.FS, name)
}
