package release

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/fault"
)

// topOf finds the tree in what was unpacked: public archives hold everything
// below one directory that is named after the version.
func topOf(raw string) (string, error) {
	if isRelease(raw) == nil {
		return raw, nil
	}
	entries, err := os.ReadDir(raw)
	if err != nil {
		return "", err
	}
	if len(entries) == 1 && entries[0].IsDir() {
		top := filepath.Join(raw, entries[0].Name())
		if isRelease(top) == nil {
			return top, nil
		}
	}
	return "", fault.New(fault.Integrity, "Check that it is a release of getsentry/self-hosted, or leave --source out to take the public archive",
		"the archive holds no %s, neither at its top nor in its only directory", composeFile).WithDoc(doc)
}

// verify wants the tree to be safe, of the wanted version and of the wanted
// digest.
func (f Fetcher) verify(top, source, archive string, want calver.Version) (Tree, error) {
	root, err := os.OpenRoot(top)
	if err != nil {
		return Tree{}, err
	}
	defer root.Close()
	if err := blame(source, checkLinks(root)); err != nil {
		return Tree{}, err
	}
	v, err := versionOf(root.FS(), top, source, want)
	if err != nil {
		return Tree{}, err
	}
	digest, err := Digest(root.FS())
	if err != nil {
		return Tree{}, err
	}
	if f.Want != "" && f.Want != digest && f.Want != archive {
		return Tree{}, fault.New(fault.Integrity, "Compare with the digest that you were given: sha256sum of the archive, or the digest that sentryctl release inspect prints",
			"digest of %s: got %s, want %s", Shown(source), either(archive, digest), f.Want).WithDoc(doc)
	}
	return Tree{Dir: top, Version: v, Digest: digest, Source: recorded(source)}, nil
}

// versionOf asks the witnesses, then the person, then the names.
func versionOf(fsys fs.FS, top, source string, want calver.Version) (calver.Version, error) {
	v, err := witnessed(fsys)
	switch {
	case err != nil:
		return v, err
	case !v.IsZero() && !want.IsZero() && v != want:
		return v, fault.New(fault.Integrity, "Use --version "+v.String()+", or give the source of "+want.String(),
			"%s holds version %s, not %s", Shown(source), v, want).WithDoc(doc)
	case !v.IsZero():
		return v, nil
	case !want.IsZero():
		return want, nil
	}
	for _, name := range []string{recorded(source), top} {
		if v := named(name); !v.IsZero() {
			return v, nil
		}
	}
	return v, fault.New(fault.Usage, "Name the version with --version", "nothing in %s says which version it is", Shown(source))
}

func either(archive, tree string) string {
	if archive == "" {
		return tree
	}
	return archive + " for the archive and " + tree + " for the tree"
}

// swap puts the tree at dest. Stage is a directory on the same disk, in which
// the former tree waits until the new one stands.
func swap(tree, dest, stage string) error {
	old := filepath.Join(stage, "old")
	err := os.Rename(dest, old)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	had := err == nil
	if err := os.Rename(tree, dest); err != nil {
		if had {
			return errors.Join(err, os.Rename(old, dest))
		}
		return err
	}
	return nil
}
