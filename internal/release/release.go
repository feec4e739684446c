// Package release owns the file tree of one version of self-hosted Sentry:
// how a source is named, unpacked and verified, what stands in the tree, and
// the plain-data model of it. It does not use the network (release/remote
// does) and does not read compose files (stack does).
package release

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/fault"
)

// Tree is an unpacked and verified release on disk.
type Tree struct {
	Dir     string         // where it stands
	Version calver.Version // what its witnesses agree on; zero when none speaks
	Digest  string         // "sha256:…" over paths, execute bits and contents
	Source  string         // where it came from, for the record
}

// composeFile is what makes a directory a release.
const composeFile = "docker-compose.yml"

const doc = "docs/releases.md"

// Open reads the tree in dir as it stands. A directory without a compose file
// is a Usage fault, witnesses that contradict each other an Integrity fault.
func Open(dir string) (Tree, error) {
	if err := isRelease(dir); err != nil {
		return Tree{}, err
	}
	fsys := os.DirFS(dir)
	v, err := witnessed(fsys)
	if err != nil {
		return Tree{}, err
	}
	if v.IsZero() {
		v = named(absolute(dir))
	}
	digest, err := Digest(fsys)
	if err != nil {
		return Tree{}, fault.New(fault.Other, "Give this user the right to read every file below "+dir, "%w", err)
	}
	return Tree{Dir: dir, Version: v, Digest: digest, Source: absolute(dir)}, nil
}

func isRelease(dir string) error {
	info, err := os.Stat(filepath.Join(dir, composeFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fault.New(fault.Usage, "Name the directory of a release of getsentry/self-hosted, the one that holds "+composeFile,
			"no %s in %s", composeFile, dir).WithDoc(doc)
	case err != nil:
		return fmt.Errorf("read release: %w", err)
	case info.IsDir():
		return fault.New(fault.Usage, "Name the directory of a release of getsentry/self-hosted", "%s in %s is a directory", composeFile, dir)
	}
	return nil
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}
