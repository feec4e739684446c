package helper

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sentryctl/sentryctl/internal/fault"
)

// Clone copies directories that others go on writing to. A file shares its
// blocks with the original where the file system can do that. The copy is what
// a machine would find after its power was cut: PostgreSQL's control file is
// read first and its log of changes last, so that it recovers over all that
// changed in between.
type Clone struct {
	Pairs   []Pair
	Reserve int64 // bytes that stay free on the disk, or the copy ends
	Say     func(Cloned)
}

// Pair is a directory and where its copy goes.
type Pair struct{ Name, From, To string }

// Cloned tells how far the copy is.
type Cloned struct {
	Type   string `json:"type"`
	Volume string `json:"volume"`
	Done   int64  `json:"done"` // bytes, of all volumes
	Total  int64  `json:"total"`
	Shared bool   `json:"shared"` // blocks are shared with the original
}

// lookEvery is after how many bytes the room is looked at again.
const lookEvery = 64 << 20

type cloning struct {
	Clone

	at     Cloned
	looked int64
	mixed  bool // at least one file could not share its blocks
}

// Run copies all pairs. A disk without room is a PreflightBlocked fault.
func (c Clone) Run(ctx context.Context) error {
	run := &cloning{Clone: c, at: Cloned{Type: "clone"}}
	for _, p := range c.Pairs {
		size, err := sizeOf(p.From)
		if err != nil {
			return fmt.Errorf("measure volume %s: %w", p.Name, err)
		}
		run.at.Total += size
	}
	for i, p := range c.Pairs {
		run.at.Volume = p.Name
		if i == 0 {
			shares, err := run.shares(p)
			if err != nil {
				return err
			}
			need := c.Reserve
			if !shares {
				need += run.at.Total + run.at.Total/5
			}
			if err := room(p.To, need); err != nil {
				return err
			}
		}
		if err := run.directory(ctx, p, "."); err != nil {
			return fmt.Errorf("copy volume %s: %w", p.Name, err)
		}
		run.at.Shared = !run.mixed
		c.Say(run.at)
	}
	return nil
}

// sizeOf adds up the files of a directory; those that go meanwhile do not
// count.
func sizeOf(dir string) (sum int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		if info, err := d.Info(); err == nil {
			sum += info.Size()
		}
		return nil
	})
	return sum, err
}

func free(dir string) (int64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, fmt.Errorf("look at the disk: %w", err)
	}
	return int64(st.Bavail) * int64(st.Bsize), nil
}

func room(dir string, need int64) error {
	have, err := free(dir)
	if err != nil || have >= need {
		return err
	}
	return fault.New(fault.PreflightBlocked, "Make room on the Engine's disk: docker system df", "a copy of the volumes has no room: %d MiB are needed, %d MiB are free", need>>20, have>>20)
}

// shares tells whether files of the two directories can share blocks.
func (c *cloning) shares(p Pair) (bool, error) {
	probe, err := firstFile(p.From)
	if probe == "" || err != nil {
		return false, err
	}
	in, err := os.Open(probe)
	if err != nil {
		return false, nil // it went: the safe answer
	}
	defer in.Close()
	to := filepath.Join(p.To, ".sentryctl-probe")
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return false, fmt.Errorf("write into the copy: %w", err)
	}
	defer out.Close()
	shared := shareBlocks(out, in)
	return shared, os.Remove(to)
}

func firstFile(dir string) (path string, err error) {
	err = filepath.WalkDir(dir, func(at string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			path = at
			return fs.SkipAll
		}
		return nil
	})
	return path, err
}

// directory copies what a directory holds, and then its owner, mode and times.
func (c *cloning) directory(ctx context.Context, p Pair, rel string) error {
	from := filepath.Join(p.From, rel)
	info, err := os.Lstat(from)
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	slices.SortStableFunc(entries, func(a, b fs.DirEntry) int {
		return cmp.Or(cmp.Compare(rank(a.Name()), rank(b.Name())), strings.Compare(a.Name(), b.Name()))
	})
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := c.entry(ctx, p, filepath.Join(rel, e.Name()))
		if errors.Is(err, fs.ErrNotExist) && gone(filepath.Join(from, e.Name())) {
			// It went while it was read. Half of it would be taken for damage.
			err = os.RemoveAll(filepath.Join(p.To, rel, e.Name()))
		}
		if err != nil {
			return err
		}
	}
	return attributes(filepath.Join(p.To, rel), info)
}

func gone(path string) bool {
	_, err := os.Lstat(path)
	return errors.Is(err, fs.ErrNotExist)
}

// rank orders what PostgreSQL's recovery depends on: where it begins ("global"
// holds the control file) is read before the data, its log after it.
func rank(name string) int {
	switch name {
	case "pg_control":
		return -2
	case "global":
		return -1
	case "pg_wal", "pg_xlog":
		return 1
	}
	return 0
}

func (c *cloning) entry(ctx context.Context, p Pair, rel string) error {
	from, to := filepath.Join(p.From, rel), filepath.Join(p.To, rel)
	info, err := os.Lstat(from)
	if err != nil {
		return err
	}
	switch {
	case info.IsDir():
		if err := os.Mkdir(to, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		return c.directory(ctx, p, rel)
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(from)
		if err == nil {
			err = os.Symlink(target, to)
		}
		if err != nil {
			return err
		}
		return attributes(to, info)
	case info.Mode().IsRegular():
		return c.file(ctx, from, to, info)
	}
	return nil // a socket or a pipe is made anew by who needs it
}

func (c *cloning) file(ctx context.Context, from, to string, info fs.FileInfo) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if shareBlocks(out, in) {
		c.at.Done += info.Size()
	} else {
		c.mixed = true
		err = c.bytes(ctx, out, in)
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	return attributes(to, info)
}

// bytes copies in parts, and looks in between whether there is room.
func (c *cloning) bytes(ctx context.Context, out, in *os.File) error {
	for {
		n, err := io.CopyN(out, in, lookEvery)
		c.at.Done += n
		c.looked += n
		if c.looked >= lookEvery {
			c.looked = 0
			c.Say(c.at)
			if err := room(filepath.Dir(out.Name()), c.Reserve); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err := errors.Join(err, ctx.Err()); err != nil {
			return err
		}
	}
}

// attributes gives a copy the owner, the mode and the time of the original.
func attributes(path string, info fs.FileInfo) error {
	st, is := info.Sys().(*syscall.Stat_t)
	if !is {
		return errors.New("this system does not tell who owns a file")
	}
	if err := os.Lchown(path, int(st.Uid), int(st.Gid)); err != nil {
		return err
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		return nil
	}
	if err := os.Chmod(path, info.Mode()); err != nil { // after the owner, which takes setuid away
		return err
	}
	return os.Chtimes(path, time.Time{}, info.ModTime())
}

// shareBlocks makes a file share its blocks with another, where the file
// system can do that.
func shareBlocks(out, in *os.File) bool {
	return unix.IoctlFileClone(int(out.Fd()), int(in.Fd())) == nil
}
