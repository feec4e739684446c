package repository

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	kfs "github.com/kopia/kopia/fs"
	"github.com/kopia/kopia/fs/virtualfs"
	"github.com/kopia/kopia/repo"
	"github.com/kopia/kopia/snapshot"
	"github.com/kopia/kopia/snapshot/policy"
	"github.com/kopia/kopia/snapshot/upload"
	"golang.org/x/sys/unix"
)

// File is a file that is written out of memory.
type File struct {
	Path string // slash-separated, relative
	Mode os.FileMode
	Data []byte
}

// Options say what a snapshot is of: a directory on disk, or Files.
type Options struct {
	Source      Source
	Dir         string
	Files       []File
	Description string
	Tags        map[string]string
	// Draft marks a first pass over something in use. Files that go away are
	// passed over, and those just written are read again by the next pass.
	Draft bool
	// Moving lets files go away, or fail to be read, in what is no draft: it is
	// read while it is written to.
	Moving bool
	// Exclude leaves files out, directories with all below; paths are relative.
	Exclude func(path string) bool
	// Commit makes all that is in the repository outlast a loss of power before
	// this snapshot tells of it, and the snapshot before Write returns. kopia
	// does not wait for the disk; servers do on their own.
	Commit   bool
	Previous []Snapshot // unchanged files are taken from these; nil: the newest of the source
	Progress func(Progress)
}

// Progress is how far a snapshot is.
type Progress struct {
	Files int64 // looked at
	Bytes int64 // of them
	Read  int64 // bytes that had to be read
}

// Written is a snapshot and what it took.
type Written struct {
	Snapshot
	Read       int64    // bytes of files that had to be read
	Added      int64    // bytes that the repository grew by
	Unread     []string // files that are there and could not be read, with why; drafts and moving trees only
	Attributes Attributes
}

// unsettledFor is how long a file may change without a sign of it: Linux
// writes a page back within 35 s, and from then on a further write shows.
const unsettledFor = 40 * time.Second

// Write makes one snapshot. It is in the repository when Write returns.
func (r *Repository) Write(ctx context.Context, o Options) (Written, error) {
	var added atomic.Int64
	var out Written
	if o.Commit {
		if err := r.settle(); err != nil {
			return out, err
		}
	}
	err := r.write(ctx, "snapshot "+o.Source.Path, func(n int64) { added.Add(n) }, func(ctx context.Context, w repo.DirectRepositoryWriter) error {
		var err error
		out, err = writeOne(ctx, w, o)
		return err
	})
	out.Added = added.Load()
	if err != nil {
		return out, fmt.Errorf("write %s: %w", o.Source.Path, r.cutOff(ctx, r.full(ctx, err)))
	}
	if o.Commit {
		return out, r.settle()
	}
	return out, nil
}

// settle waits until the disk of a folder has all that was written to it, by
// whomever.
func (r *Repository) settle() error {
	if r.target.Kind != Folder {
		return nil
	}
	dir, err := os.Open(r.target.Path)
	if err == nil {
		err = errors.Join(unix.Syncfs(int(dir.Fd())), dir.Close())
	}
	if err != nil {
		return fmt.Errorf("wait for the disk of the repository: %w", err)
	}
	return nil
}

func writeOne(ctx context.Context, w repo.DirectRepositoryWriter, o Options) (Written, error) {
	previous, err := previousOf(ctx, w, o)
	if err != nil {
		return Written{}, err
	}
	attrs := newCollector()
	root, err := o.root(attrs)
	if err != nil {
		return Written{}, err
	}
	count := &progress{report: o.Progress}
	up := upload.NewUploader(w)
	up.Progress, up.DisableIgnoreRules, up.FailFast, up.EnableActions = count, true, !o.lenient(), false
	stop := context.AfterFunc(ctx, up.Cancel)
	defer stop()
	m, err := up.Upload(ctx, root, o.policy(), o.Source.info(), previous...)
	if ctx.Err() != nil {
		return Written{}, ctx.Err()
	}
	if err != nil {
		return Written{}, err
	}
	if err := complete(m, attrs); err != nil {
		return Written{}, err
	}
	m.Description, m.Tags = o.Description, kopiaTags(o.Tags)
	if o.Draft {
		m.IncompleteReason = "draft"
	}
	if _, err := snapshot.SaveSnapshot(ctx, w, m); err != nil {
		return Written{}, err
	}
	return Written{Snapshot: newSnapshot(m), Read: count.read.Load(), Unread: count.refused(), Attributes: attrs.result()}, nil
}

// complete sees that nothing but what a draft may lack is missing.
func complete(m *snapshot.Manifest, attrs *collector) error {
	if m.RootEntry == nil {
		return errors.New("nothing was read")
	}
	if sum := m.RootEntry.DirSummary; sum != nil && sum.FatalErrorCount > 0 {
		err := fmt.Errorf("%d files could not be read", sum.FatalErrorCount)
		for _, f := range sum.FailedEntries {
			err = errors.Join(err, fmt.Errorf("%s: %s", f.EntryPath, f.Error))
		}
		return err
	}
	if m.IncompleteReason != "" {
		return fmt.Errorf("it ended early: %s", m.IncompleteReason)
	}
	return attrs.err
}

func kopiaTags(tags map[string]string) map[string]string {
	all := map[string]string{}
	for name, value := range tags {
		all[tagPrefix+name] = value
	}
	return all
}

func previousOf(ctx context.Context, w repo.Repository, o Options) ([]*snapshot.Manifest, error) {
	if o.Previous == nil {
		found, err := snapshot.FindPreviousManifests(ctx, w, o.Source.info(), nil)
		if err != nil {
			return nil, integrity(fmt.Errorf("look for the snapshot before: %w", err))
		}
		return found, nil
	}
	var list []*snapshot.Manifest
	for _, s := range o.Previous {
		if s.manifest != nil {
			list = append(list, s.manifest)
		}
	}
	return list, nil
}

func (o Options) root(attrs *collector) (kfs.Directory, error) {
	if o.Dir == "" {
		return virtual(o.Files), nil
	}
	t := &tree{root: o.Dir, attrs: attrs, exclude: o.Exclude}
	if o.Draft {
		t.unsettled = time.Now().Add(-unsettledFor)
	}
	return t.open()
}

// lenient tells that files may go away while they are read.
func (o Options) lenient() bool { return o.Draft || o.Moving }

// partSize is what one reader at a time takes of a large file: a database's
// is often the largest by far, and read anew in whole as it changes. It is a
// multiple of the chunks.
const partSize = 64 << 20

// readers is how many files are read at once. A disk gives small files that are
// not in memory twice as fast to four as to two; each costs 30 MB of memory,
// however many processors there are.
const readers = 4

// policy says how files are written. Chunks of one size suit files that are
// changed in place, as those of databases are, and cost the least.
func (o Options) policy() *policy.Tree {
	p := *policy.DefaultPolicy
	p.CompressionPolicy = policy.CompressionPolicy{CompressorName: "zstd-fastest"}
	apart, atOnce := policy.OptionalInt64(partSize), policy.OptionalInt(readers)
	p.UploadPolicy = policy.UploadPolicy{ParallelUploadAboveSize: &apart, MaxParallelFileReads: &atOnce}
	p.SplitterPolicy = policy.SplitterPolicy{Algorithm: "FIXED-4M"}
	p.ErrorHandlingPolicy = policy.ErrorHandlingPolicy{
		IgnoreFileErrors: policy.NewOptionalBool(policy.OptionalBool(o.lenient())), IgnoreDirectoryErrors: policy.NewOptionalBool(policy.OptionalBool(o.lenient())), IgnoreUnknownTypes: policy.NewOptionalBool(true),
	}
	return policy.BuildTree(nil, &p)
}

// virtual makes a directory of files in memory.
func virtual(files []File) kfs.Directory {
	return virtualfs.NewStaticDirectory("root", entries(files))
}

func entries(files []File) []kfs.Entry {
	var here []kfs.Entry
	below := map[string][]File{}
	for _, f := range files {
		name, rest, nested := strings.Cut(path.Clean(f.Path), "/")
		if nested {
			f.Path = rest
			below[name] = append(below[name], f)
			continue
		}
		here = append(here, &memory{StreamingFile: virtualfs.StreamingFileFromReader(name, io.NopCloser(bytes.NewReader(f.Data))), file: f})
	}
	for name, list := range below {
		here = append(here, virtualfs.NewStaticDirectory(name, entries(list)))
	}
	slices.SortFunc(here, func(a, b kfs.Entry) int { return strings.Compare(a.Name(), b.Name()) })
	return here
}

// memory is a file with a mode of its own.
type memory struct {
	kfs.StreamingFile
	file File
}

func (m *memory) Mode() os.FileMode { return m.file.Mode.Perm() }
func (m *memory) Size() int64       { return int64(len(m.file.Data)) }

// progress counts what kopia tells.
type progress struct {
	upload.NullUploadProgress
	report       func(Progress)
	files, bytes atomic.Int64
	read         atomic.Int64
	pace         pace

	mu     sync.Mutex
	unread []string
}

func (p *progress) CachedFile(_ string, size int64) { p.bytes.Add(size) }
func (p *progress) HashedBytes(n int64) {
	p.read.Add(n)
	p.bytes.Add(n)
	p.tell()
}

func (p *progress) FinishedFile(_ string, err error) {
	p.files.Add(1)
	p.tell()
}

// Error notes what is there and cannot be read. What has gone away meanwhile,
// or has become something else, and what has no content is none of it.
func (p *progress) Error(path string, err error, _ bool) {
	for _, other := range []error{fs.ErrNotExist, unix.ENOTDIR, unix.ELOOP, kfs.ErrUnknown} {
		if errors.Is(err, other) {
			return
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.unread = append(p.unread, path+": "+err.Error())
}

func (p *progress) refused() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Sorted(slices.Values(p.unread))
}

func (p *progress) tell() {
	if p.report != nil && p.pace.due() {
		p.report(Progress{Files: p.files.Load(), Bytes: p.bytes.Load(), Read: p.read.Load()})
	}
}
