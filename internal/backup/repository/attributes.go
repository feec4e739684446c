package repository

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// Attributes is what kopia's format has no place for. Paths are relative,
// slash-separated and escaped.
type Attributes struct {
	Links   [][]string                   `json:"links,omitempty"`   // groups of names of one file, sorted
	XAttrs  map[string]map[string][]byte `json:"xattrs,omitempty"`  // path, name, value
	Skipped []string                     `json:"skipped,omitempty"` // sockets, pipes and devices
}

// Empty tells that there is nothing to keep.
func (a Attributes) Empty() bool { return len(a.Links)+len(a.XAttrs) == 0 }

// collector takes attributes together while a tree is read.
type collector struct {
	mu      sync.Mutex
	inodes  map[[2]uint64][]string
	xattrs  map[string]map[string][]byte
	skipped []string
	err     error
}

func newCollector() *collector {
	return &collector{inodes: map[[2]uint64][]string{}, xattrs: map[string]map[string][]byte{}}
}

func (c *collector) note(n node) {
	attrs, err := readXAttrs(n.path())
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil && !errors.Is(err, unix.ENOENT) {
		c.err = errors.Join(c.err, fmt.Errorf("read attributes of %s: %w", n.rel, err))
	}
	if len(attrs) > 0 {
		c.xattrs[escapePath(n.rel)] = attrs
	}
	if n.stat.Nlink > 1 && n.info.Mode().IsRegular() {
		key := [2]uint64{n.stat.Dev, n.stat.Ino}
		c.inodes[key] = append(c.inodes[key], escapePath(n.rel))
	}
}

func (c *collector) skip(rel string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.skipped = append(c.skipped, escapePath(rel))
}

// result gives what was found. A group with one name left has its others
// outside of the tree.
func (c *collector) result() Attributes {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := Attributes{XAttrs: c.xattrs, Skipped: slices.Compact(slices.Sorted(slices.Values(c.skipped)))}
	for _, names := range c.inodes {
		slices.Sort(names)
		if names = slices.Compact(names); len(names) > 1 {
			a.Links = append(a.Links, names)
		}
	}
	sort.Slice(a.Links, func(i, j int) bool { return a.Links[i][0] < a.Links[j][0] })
	return a
}

// labels of this machine mean nothing on another.
const selinux = "security.selinux"

func readXAttrs(path string) (map[string][]byte, error) {
	size, err := unix.Llistxattr(path, nil)
	if size == 0 || errors.Is(err, unix.ENOTSUP) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	list := make([]byte, size)
	if size, err = unix.Llistxattr(path, list); err != nil {
		return nil, err
	}
	found := map[string][]byte{}
	for name := range bytes.SplitSeq(bytes.TrimSuffix(list[:size], []byte{0}), []byte{0}) {
		key := string(name)
		if key == selinux || strings.HasPrefix(key, "trusted.overlay.") {
			continue
		}
		value, err := readXAttr(path, key)
		if err != nil {
			return nil, err
		}
		found[key] = value
	}
	return found, nil
}

func readXAttr(path, name string) ([]byte, error) {
	size, err := unix.Lgetxattr(path, name, nil)
	if err != nil {
		return nil, err
	}
	value := make([]byte, size)
	if size == 0 {
		return value, nil
	}
	size, err = unix.Lgetxattr(path, name, value)
	if err != nil {
		return nil, err
	}
	return value[:size], nil
}
