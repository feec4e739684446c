package machine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/sentryctl/sentryctl/internal/preflight"
)

// Site looks at the directory of a site, or at the nearest one above it that
// exists. dir is absolute.
func (m Machine) Site(dir string) (preflight.Site, error) {
	s := preflight.Site{Dir: dir, Checked: dir}
	info, err := os.Stat(s.Checked)
	for errors.Is(err, fs.ErrNotExist) && s.Checked != "/" {
		s.Checked = filepath.Dir(s.Checked)
		info, err = os.Stat(s.Checked)
	}
	if err != nil {
		return s, fmt.Errorf("look at %s: %w", s.Checked, err)
	}
	s.Exists = s.Checked == dir
	s.Mode = uint32(info.Mode().Perm())
	s.NoExec = m.NoExec(s.Checked)
	// Disk says less than Stat did, so an error here is one of the kernel.
	if s.Disk, err = m.Disk(s.Checked); err != nil {
		return s, err
	}
	switch err := unix.Access(s.Checked, unix.W_OK|unix.X_OK); {
	case !info.IsDir():
		s.Cause = "it is not a directory"
	case err != nil:
		s.Cause = err.Error()
	default:
		s.Writable = true
	}
	return s, nil
}
