package machine

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/sentryctl/sentryctl/internal/preflight"
)

// Disk returns the file system on which path lies.
func (m Machine) Disk(path string) (preflight.Disk, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return preflight.Disk{}, fmt.Errorf("statfs %s: %w", path, err)
	}
	d := preflight.Disk{
		Path:       path,
		TotalBytes: int64(st.Blocks) * st.Bsize,
		FreeBytes:  int64(st.Bavail) * st.Bsize,
	}
	if mount, err := m.mountOf(path); err == nil {
		d.FileSystem = mount.fileSystem
	}
	return d, nil
}

// NoExec tells whether programs cannot be started from path.
func (m Machine) NoExec(path string) bool {
	mount, err := m.mountOf(path)
	return err == nil && slices.Contains(mount.options, "noexec")
}

type mount struct {
	point      string
	options    []string
	fileSystem string
}

// mountOf returns the mount on which path lies: the longest mount point above
// it, the last one of equals.
func (m Machine) mountOf(path string) (mount, error) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return mount{}, err
	}
	data, err := m.read("proc/self/mountinfo")
	if err != nil {
		return mount{}, err
	}
	var best mount
	for _, c := range parseMountinfo(data) {
		if len(c.point) >= len(best.point) && below(real, c.point) {
			best = c
		}
	}
	if best.point == "" {
		return mount{}, fmt.Errorf("no mount holds %s", path)
	}
	return best, nil
}

func below(path, point string) bool {
	return point == "/" || path == point || strings.HasPrefix(path, point+"/")
}

// parseMountinfo reads proc_pid_mountinfo(5): the mount point is field 5, its
// options field 6, and the type follows the separator.
func parseMountinfo(data []byte) []mount {
	var mounts []mount
	for line := range strings.Lines(string(data)) {
		head, tail, ok := strings.Cut(line, " - ")
		fields, types := strings.Fields(head), strings.Fields(tail)
		if !ok || len(fields) < 6 || len(types) < 1 {
			continue
		}
		mounts = append(mounts, mount{point: unescape(fields[4]), options: strings.Split(fields[5], ","), fileSystem: types[0]})
	}
	return mounts
}

// unescape decodes the octal escapes (\040) of mount points.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
