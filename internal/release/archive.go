package release

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/klauspost/compress/zstd"
)

// errBroken marks an archive that cannot be read to its end.
var errBroken = errors.New("broken archive")

func broken(err error) error { return fmt.Errorf("%w: %w", errBroken, err) }

// unpack writes the archive into the root. What it is, its first bytes say,
// not its name.
func unpack(ctx context.Context, archive *os.File, root *os.Root, l limits) error {
	w := newWriter(root, l)
	head := make([]byte, 512)
	n, err := archive.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read archive: %w", err)
	}
	head = head[:n]
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return unzip(ctx, archive, w)
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(bufio.NewReader(archive))
		if err != nil {
			return broken(err)
		}
		return untar(ctx, z, w)
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(archive, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20))
		if err != nil {
			return broken(err)
		}
		defer z.Close()
		return untar(ctx, z, w)
	case n > 262 && string(head[257:262]) == "ustar":
		return untar(ctx, archive, w)
	}
	return broken(errors.New("this is no .tar.gz, .tar.zst, .tar or .zip file"))
}

func untar(ctx context.Context, stream io.Reader, w *writer) error {
	// Headers and padding count too, or a bomb could be made of them.
	capped := &io.LimitedReader{R: stream, N: w.limits.total + int64(w.limits.entries)*4096}
	tr := tar.NewReader(capped)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return readErr(capped, err)
		}
		if h.Typeflag == tar.TypeXGlobalHeader { // git writes the commit into one
			continue
		}
		if err := w.write(tarEntry(h, tr)); err != nil {
			return readErr(capped, err)
		}
	}
	// The checksum of a compressed stream stands behind its last byte.
	_, err := io.Copy(io.Discard, capped)
	return readErr(capped, err)
}

// readErr tells errors of the archive from errors of the disk.
func readErr(capped *io.LimitedReader, err error) error {
	var onDisk *fs.PathError
	switch {
	case capped.N <= 0:
		return unsafe("it unpacks to more than the limit")
	case err == nil, errors.Is(err, errUnsafe), errors.As(err, &onDisk):
		return err
	}
	return broken(err)
}

func tarEntry(h *tar.Header, data io.Reader) entry {
	e := entry{name: h.Name, mode: h.FileInfo().Mode(), data: data}
	switch h.Typeflag {
	case tar.TypeSymlink:
		e.link = h.Linkname
	case tar.TypeLink:
		e.mode, e.hard = e.mode.Perm(), h.Linkname
	case tar.TypeReg, tar.TypeDir:
	default:
		e.mode |= fs.ModeIrregular // a device, a pipe, a sparse file
	}
	return e
}

func unzip(ctx context.Context, archive *os.File, w *writer) error {
	info, err := archive.Stat()
	if err != nil {
		return fmt.Errorf("read archive: %w", err)
	}
	zr, err := zip.NewReader(archive, info.Size())
	if err != nil {
		return broken(err)
	}
	for _, f := range zr.File {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := unzipOne(f, w); err != nil {
			return err
		}
	}
	return nil
}

func unzipOne(f *zip.File, w *writer) error {
	r, err := f.Open()
	if err != nil {
		return broken(err)
	}
	defer r.Close()
	e := entry{name: f.Name, mode: f.Mode(), data: r}
	if e.mode.Type() == fs.ModeSymlink {
		target, err := io.ReadAll(io.LimitReader(r, 4096))
		if err != nil {
			return broken(err)
		}
		e.link = string(target)
	}
	return readErr(&io.LimitedReader{N: 1}, w.write(e))
}
