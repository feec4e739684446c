package stack

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
)

// maxMountedFiles bounds the look into a mounted directory: configuration is
// small, and a data directory is none of our business.
const maxMountedFiles = 2000

// changedSince tells whether a file below dir that the service mounts has
// changed after its container was started: programs read their configuration
// once, and a file that was replaced is not even the one that is mounted.
func changedSince(dir string, s types.ServiceConfig, started time.Time) bool {
	for _, v := range s.Volumes {
		if v.Type == types.VolumeTypeBind && inside(dir, v.Source) && newer(v.Source, started, v.ReadOnly) {
			return true
		}
	}
	return false
}

func inside(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// newer looks at a file or at all regular files of a directory. What cannot
// be read is taken as unchanged.
func newer(path string, than time.Time, readOnly bool) bool {
	found, seen := false, 0
	_ = filepath.WalkDir(path, func(_ string, d fs.DirEntry, err error) error {
		if seen++; seen > maxMountedFiles || found {
			return fs.SkipAll
		}
		if err != nil || !d.Type().IsRegular() {
			return nil
		}
		if info, err := d.Info(); err == nil && changeTime(info, readOnly).After(than) {
			found = true
		}
		return nil
	})
	return found
}

// changeTime is when the content changed. For what the container cannot write
// the inode's time counts too, which tells a file moved here with its old
// time; elsewhere it would tell no more than a chown by an entrypoint.
func changeTime(info os.FileInfo, readOnly bool) time.Time {
	changed := info.ModTime()
	if st, ok := info.Sys().(*syscall.Stat_t); ok && readOnly {
		if inode := inodeTime(st); inode.After(changed) {
			return inode
		}
	}
	return changed
}
