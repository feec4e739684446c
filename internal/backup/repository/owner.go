package repository

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// giveToOwner gives the directories that root has made in a folder to the
// folder's owner; kopia does so with files alone.
func (t Target) giveToOwner() error {
	if t.Kind != Folder || os.Getuid() != 0 {
		return nil
	}
	info, err := os.Stat(t.Path)
	if err != nil {
		return fmt.Errorf("look at the folder of the repository: %w", err)
	}
	of := info.Sys().(*syscall.Stat_t)
	if of.Uid == 0 {
		return nil
	}
	return filepath.WalkDir(t.Path, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		return os.Lchown(path, int(of.Uid), int(of.Gid))
	})
}
