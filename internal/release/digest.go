package release

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
)

// Digest covers the paths, execute bits, link targets and contents of a tree,
// in the order of their names: "sha256:…". Times, owners and empty
// directories do not count.
func Digest(fsys fs.FS) (string, error) {
	sum := sha256.New()
	err := fs.WalkDir(fsys, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if d.Type()&fs.ModeSymlink != 0 {
			to, err := fs.ReadLink(fsys, path)
			fmt.Fprintf(sum, "link %q %q\n", path, to)
			return err
		}
		return digestFile(sum, fsys, path)
	})
	if err != nil {
		return "", fmt.Errorf("digest tree: %w", err)
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil)), nil
}

func digestFile(sum io.Writer, fsys fs.FS, path string) error {
	f, err := fsys.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	fmt.Fprintf(sum, "file %q %t %d\n", path, info.Mode()&0o100 != 0, info.Size())
	_, err = io.Copy(sum, f)
	return err
}
