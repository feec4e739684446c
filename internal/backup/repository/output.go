package repository

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	kfs "github.com/kopia/kopia/fs"
	"github.com/kopia/kopia/repo"
	"github.com/kopia/kopia/repo/object"
	"github.com/kopia/kopia/snapshot"
	"github.com/kopia/kopia/snapshot/restore"
	"golang.org/x/sys/unix"
)

// output writes what a restore reads. Every path is opened beneath the root,
// so a link in a hostile repository leads nowhere else.
type output struct {
	rep     repo.Repository
	root    *os.Root
	options RestoreOptions
	later   map[string]string // file, and the one that it is a link to
	failed  atomic.Bool       // the disk refused, not the repository
	pace    pace

	mu   sync.Mutex
	dirs map[string]time.Time // set at the end, as what comes later changes them
}

func (o *output) disk() bool { return o.failed.Load() }

// mine marks an error as one of the disk.
func (o *output) mine(err error) error {
	if err != nil {
		o.failed.Store(true)
	}
	return err
}

func (o *output) Parallelizable() bool { return true }

func (o *output) BeginDirectory(ctx context.Context, rel string, e kfs.Directory) error {
	p, err := unescapePath(rel)
	if err != nil {
		return err
	}
	if err := o.noteTimes(ctx, p, e); err != nil {
		return fmt.Errorf("%s: %w", p, err)
	}
	if p == "." {
		return nil
	}
	err = o.root.Mkdir(p, 0o700)
	if errors.Is(err, os.ErrExist) {
		info, statErr := o.root.Lstat(p)
		if statErr != nil || !info.IsDir() {
			return fmt.Errorf("%q is there already and no directory", p)
		}
		err = nil
	}
	return o.mine(err)
}

// noteTimes keeps the times of the directories in one. They stand in the
// repository, but kopia's reader gives the newest below a directory instead.
func (o *output) noteTimes(ctx context.Context, p string, e kfs.Directory) error {
	h, is := e.(object.HasObjectID)
	if !is {
		return nil
	}
	in, err := o.rep.OpenObject(ctx, h.ObjectID())
	if err != nil {
		return err
	}
	defer in.Close()
	var list snapshot.DirManifest
	if err := json.NewDecoder(in).Decode(&list); err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, entry := range list.Entries {
		if entry.Type != snapshot.EntryTypeDirectory {
			continue
		}
		name, err := unescape(entry.Name)
		if err != nil {
			return err
		}
		o.dirs[path.Join(p, name)] = entry.ModTime.ToTime()
	}
	return nil
}

func (o *output) WriteDirEntry(context.Context, string, *snapshot.DirEntry, kfs.Directory) error {
	return nil
}

func (o *output) FinishDirectory(_ context.Context, rel string, e kfs.Directory) error {
	p, err := unescapePath(rel)
	if err != nil {
		return err
	}
	return o.mine(o.ownAndMode(p, e))
}

func (o *output) WriteFile(ctx context.Context, rel string, f kfs.File, told restore.FileWriteProgress) error {
	p, err := unescapePath(rel)
	if err != nil {
		return err
	}
	if _, is := o.later[p]; is || o.skips(p) {
		return nil
	}
	if err := o.content(ctx, p, f, told); err != nil {
		return fmt.Errorf("%s: %w", p, err)
	}
	return nil
}

func (o *output) skips(p string) bool { return o.options.Skip != nil && o.options.Skip(p) }

func (o *output) content(ctx context.Context, p string, f kfs.File, told restore.FileWriteProgress) error {
	in, err := f.Open(ctx)
	if err != nil {
		return err
	}
	defer in.Close()
	h, at, err := o.create(p)
	if errors.Is(err, os.ErrExist) {
		return errors.New("it is there already")
	}
	if err != nil {
		return o.mine(err)
	}
	defer h.Close()
	if err := o.copySparse(h, in, f.Size(), told); err != nil {
		return err
	}
	if err := o.describe(h, f); err != nil {
		return o.mine(err)
	}
	if !o.options.NoSync && f.Size() > 0 {
		// Begins to write out; finish waits for all of it.
		_ = unix.SyncFileRange(int(h.Fd()), 0, 0, unix.SYNC_FILE_RANGE_WRITE)
	}
	err = h.Close()
	if err == nil && at != p {
		err = o.replace(at, p)
	}
	return o.mine(err)
}

// replace gives a file the place of another, or of an empty directory: the Engine makes one
// where a file that it mounts is not there.
func (o *output) replace(at, p string) error {
	if info, err := o.root.Lstat(p); err == nil && info.IsDir() {
		if err := o.root.Remove(p); err != nil {
			return err
		}
	}
	return o.root.Rename(at, p)
}

// create makes a file that was not there, or one that takes the place of another when it
// is whole: whoever is killed meanwhile leaves the one or the other. What a run before has
// half written gives way at once: there may be no room for both.
func (o *output) create(p string) (h *os.File, at string, err error) {
	const fresh = os.O_WRONLY | os.O_CREATE | os.O_EXCL
	h, err = o.root.OpenFile(p, fresh, 0o600)
	if !o.options.Over || !errors.Is(err, os.ErrExist) {
		return h, p, err
	}
	if o.options.Again {
		if err := o.root.Remove(p); err != nil {
			return nil, p, err
		}
		h, err = o.root.OpenFile(p, fresh, 0o600)
		return h, p, err
	}
	at = path.Join(path.Dir(p), fmt.Sprintf(".sentryctl-%x", sha256.Sum256([]byte(p)))[:24]) // names may be as long as can be
	if err := o.root.Remove(at); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, at, err // of a restore that was killed
	}
	h, err = o.root.OpenFile(at, fresh, 0o600)
	return h, at, err
}

// describe gives an open file its owner, mode and time. The owner comes first,
// as a change of it drops set-user-ID.
func (o *output) describe(h *os.File, f kfs.File) error {
	if !o.options.SkipOwners {
		if err := h.Chown(int(f.Owner().UserID), int(f.Owner().GroupID)); err != nil {
			return err
		}
	}
	if err := h.Chmod(f.Mode() & kfs.ModBits); err != nil {
		return err
	}
	when := unix.NsecToTimespec(f.ModTime().UnixNano())
	return futimens(h, []unix.Timespec{when, when})
}

// hole is the smallest run of zeros that becomes a hole: a page.
const hole = 4096

// mostAtOnce bounds the buffer of a file: a multiple of hole.
const mostAtOnce = 1 << 20

// copySparse writes what is read and leaves holes where there are only zeros.
func (o *output) copySparse(h *os.File, in io.Reader, size int64, told restore.FileWriteProgress) error {
	buf := make([]byte, min(max(size, 1), mostAtOnce))
	var at int64
	for {
		n, err := io.ReadFull(in, buf)
		for _, r := range written(buf[:n]) {
			if _, err := h.WriteAt(buf[r.from:r.to], at+int64(r.from)); err != nil {
				return o.mine(err)
			}
		}
		at += int64(n)
		told(int64(n))
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return o.mine(h.Truncate(at))
		case err != nil:
			return err
		}
	}
}

// span is a part of a buffer.
type span struct{ from, to int }

// written gives the runs of pages that do not hold zeros alone.
func written(p []byte) (runs []span) {
	at := 0
	for page := range slices.Chunk(p, hole) {
		end := at + len(page)
		switch {
		case zeros(page):
		case len(runs) > 0 && runs[len(runs)-1].to == at:
			runs[len(runs)-1].to = end
		default:
			runs = append(runs, span{at, end})
		}
		at = end
	}
	return runs
}

func zeros(p []byte) bool {
	for _, b := range p {
		if b != 0 {
			return false
		}
	}
	return true
}

func (o *output) FileExists(_ context.Context, rel string, e kfs.File) bool {
	p, err := unescapePath(rel)
	if err != nil {
		return false
	}
	info, err := o.root.Lstat(p)
	return err == nil && info.Mode().IsRegular() && info.Size() == e.Size() && info.ModTime().Equal(e.ModTime())
}

func (o *output) SymlinkExists(_ context.Context, rel string, _ kfs.Symlink) bool {
	p, err := unescapePath(rel)
	if err != nil {
		return false
	}
	info, err := o.root.Lstat(p)
	return err == nil && info.Mode()&os.ModeSymlink != 0
}

func (o *output) CreateSymlink(ctx context.Context, rel string, e kfs.Symlink) error {
	p, err := unescapePath(rel)
	if err != nil {
		return err
	}
	if o.skips(p) {
		return nil
	}
	to, err := e.Readlink(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", p, err)
	}
	err = o.root.Symlink(to, p)
	if o.options.Over && errors.Is(err, os.ErrExist) {
		if err = o.root.Remove(p); err == nil {
			err = o.root.Symlink(to, p)
		}
	}
	if err != nil {
		return o.mine(err)
	}
	if !o.options.SkipOwners {
		if err := o.root.Lchown(p, int(e.Owner().UserID), int(e.Owner().GroupID)); err != nil {
			return o.mine(err)
		}
	}
	return o.mine(o.linkTime(p, e.ModTime()))
}

// linkTime sets the time of a link itself.
func (o *output) linkTime(p string, when time.Time) error {
	dir, err := o.root.Open(path.Dir(p))
	if err != nil {
		return err
	}
	defer dir.Close()
	ts := unix.NsecToTimespec(when.UnixNano())
	return unix.UtimesNanoAt(int(dir.Fd()), path.Base(p), []unix.Timespec{ts, ts}, unix.AT_SYMLINK_NOFOLLOW)
}

// ownAndMode sets the owner first, as a change of it drops set-user-ID.
func (o *output) ownAndMode(p string, e kfs.Entry) error {
	if !o.options.SkipOwners {
		if err := o.root.Lchown(p, int(e.Owner().UserID), int(e.Owner().GroupID)); err != nil {
			return err
		}
	}
	return o.root.Chmod(p, e.Mode()&kfs.ModBits)
}

func (o *output) Close(context.Context) error { return nil }

func (o *output) tell(s restore.Stats) {
	if o.options.Progress != nil && o.pace.due() {
		o.options.Progress(s.RestoredTotalFileSize+s.SkippedTotalFileSize, o.options.Snapshot.Bytes)
	}
}

// finish makes links, sets extended attributes, then the times of directories,
// and waits for the disk.
func (o *output) finish() error {
	for _, name := range slices.Sorted(keys(o.later)) {
		if o.options.Over {
			_ = o.root.Remove(name) // Link says it if that was wrong
		}
		if err := o.root.Link(o.later[name], name); err != nil {
			return err
		}
	}
	for name, attrs := range o.options.Attributes.XAttrs {
		if err := o.setXAttrs(name, attrs); err != nil {
			return fmt.Errorf("attributes of %s: %w", name, err)
		}
	}
	for name, when := range o.dirs {
		if err := o.root.Chtimes(name, when, when); err != nil {
			return err
		}
	}
	if o.options.NoSync {
		return nil
	}
	dir, err := o.root.Open(".")
	if err != nil {
		return err
	}
	defer dir.Close()
	return unix.Syncfs(int(dir.Fd()))
}

func (o *output) setXAttrs(name string, attrs map[string][]byte) error {
	p, err := unescapePath(name)
	if err != nil {
		return err
	}
	f, err := o.root.OpenFile(p, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	for key, value := range attrs {
		if o.options.SkipOwners && !strings.HasPrefix(key, "user.") {
			continue
		}
		if err := unix.Fsetxattr(int(f.Fd()), key, value, 0); err != nil {
			return fmt.Errorf("set %s: %w", key, err)
		}
	}
	return nil
}

var _ restore.Output = (*output)(nil)
