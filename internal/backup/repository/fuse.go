package repository

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/kopia/kopia/repo/blob"
	"github.com/kopia/kopia/repo/blob/rclone"
	"golang.org/x/sys/unix"
)

// fusedType is the kind of storage that kopia's connection file names. The
// file holds nothing else: where the place is, and the credentials, come to
// openFused by the context, so that they never stand on a disk.
const fusedType = "sentryctl"

type fusedOptions struct{}

type placeKey struct{}

// withPlace lets what opens a storage of fusedType below find its place.
func withPlace(ctx context.Context, c blob.ConnectionInfo) context.Context {
	registerFused()
	return context.WithValue(ctx, placeKey{}, c)
}

var registerFused = sync.OnceFunc(func() { blob.AddSupportedStorage(fusedType, fusedOptions{}, openFused) })

func openFused(ctx context.Context, _ *fusedOptions, create bool) (blob.Storage, error) {
	c, is := ctx.Value(placeKey{}).(blob.ConnectionInfo)
	if !is {
		return nil, errors.New("nobody said where the repository is")
	}
	memory, err := inMemory(&c)
	if err != nil {
		return nil, err
	}
	st, err := blob.NewStorage(ctx, c, create)
	if err != nil {
		return nil, errors.Join(err, memory.Close())
	}
	f := &fused{Storage: st, memory: memory}
	if c.Type == webdavType || c.Type == rcloneType {
		f.tries = 2 // each is ten already
	}
	return f, nil
}

// inMemory keeps rclone's configuration, which rclone wants as a file, off the
// disk. What it gives must be closed after rclone has ended.
func inMemory(c *blob.ConnectionInfo) (io.Closer, error) {
	o, is := c.Config.(*rclone.Options)
	if !is {
		return io.NopCloser(nil), nil
	}
	fd, err := unix.MemfdCreate("rclone.conf", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("keep rclone's configuration in memory: %w", err)
	}
	f := os.NewFile(uintptr(fd), "rclone.conf")
	if _, err := f.WriteString(o.EmbeddedConfig); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	changed := *o
	changed.EmbeddedConfig = ""
	changed.RCloneArgs = append(slices.Clone(o.RCloneArgs), "--config", fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), fd))
	c.Config = &changed
	return f, nil
}

// fused is a storage that is given up once it was given up: kopia tries each
// blob again and again, and would do so for all that are left, while services
// rest.
type fused struct {
	blob.Storage
	memory io.Closer
	tries  int32 // of a blob before it is given up; 0: kopia's own ten
	blown  atomic.Pointer[error]
}

func (f *fused) Close(ctx context.Context) error {
	return errors.Join(f.Storage.Close(ctx), f.memory.Close())
}

func (f *fused) watch(do func() error) error {
	if lost := f.blown.Load(); lost != nil {
		return fmt.Errorf("the place was lost: %w", *lost)
	}
	err := do()
	if err != nil && away.MatchString(err.Error()) {
		f.blown.CompareAndSwap(nil, &err)
	}
	return err
}

func (f *fused) PutBlob(ctx context.Context, id blob.ID, data blob.Bytes, o blob.PutOptions) error {
	if f.tries == 0 {
		return f.watch(func() error { return f.Storage.PutBlob(ctx, id, data, o) })
	}
	patient, giveUp := context.WithCancel(ctx)
	defer giveUp()
	counted := &countedBytes{Bytes: data, left: f.tries, none: giveUp}
	return f.watch(func() error {
		err := f.Storage.PutBlob(patient, id, counted, o)
		if err != nil && patient.Err() != nil && ctx.Err() == nil {
			return fmt.Errorf("write blob %s: not taken despite %d retries", id, 10*f.tries)
		}
		return err
	})
}

// countedBytes are written once for each try.
type countedBytes struct {
	blob.Bytes
	left int32
	none func()
}

func (c *countedBytes) WriteTo(w io.Writer) (int64, error) {
	if c.left--; c.left < 0 {
		c.none()
	}
	return c.Bytes.WriteTo(w)
}

func (f *fused) GetBlob(ctx context.Context, id blob.ID, offset, length int64, out blob.OutputBuffer) error {
	return f.watch(func() error { return f.Storage.GetBlob(ctx, id, offset, length, out) })
}

func (f *fused) GetMetadata(ctx context.Context, id blob.ID) (m blob.Metadata, err error) {
	err = f.watch(func() error {
		m, err = f.Storage.GetMetadata(ctx, id)
		return err
	})
	return m, err
}

func (f *fused) DeleteBlob(ctx context.Context, id blob.ID) error {
	return f.watch(func() error { return f.Storage.DeleteBlob(ctx, id) })
}

func (f *fused) ListBlobs(ctx context.Context, prefix blob.ID, each func(blob.Metadata) error) error {
	return f.watch(func() error { return f.Storage.ListBlobs(ctx, prefix, each) })
}
