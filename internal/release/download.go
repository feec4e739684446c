package release

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
)

func isURL(source string) bool { return strings.Contains(source, "://") }

// recorded returns a source as a later run can use it, from wherever it is
// started.
func recorded(source string) string {
	if isURL(source) {
		return Shown(source)
	}
	return absolute(source)
}

// Shown returns a source as it may stand in messages and records: a URL
// without the password and the query, where tokens live.
func Shown(source string) string {
	if !isURL(source) {
		return source
	}
	u, err := url.Parse(source)
	if err != nil {
		return "the given URL"
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

// download unpacks the archive behind source into the root. An archive that is
// in the cache is not downloaded again.
func (f Fetcher) download(ctx context.Context, source, dir string, root *os.Root) (string, error) {
	kept := f.cached(source)
	if kept != "" {
		if digest, err := f.unpackFile(ctx, kept, source, root); err == nil {
			return digest, nil
		}
		if err := f.forget(kept); err != nil {
			return "", err
		}
		if err := empty(root); err != nil {
			return "", fmt.Errorf("clear half a release: %w", err)
		}
	}
	file := filepath.Join(dir, "archive")
	if err := f.save(ctx, source, file); err != nil {
		return "", err
	}
	digest, err := f.unpackFile(ctx, file, source, root)
	if err == nil && kept != "" {
		f.keep(file, kept)
	}
	return digest, err
}

// cached returns where the archive behind source is kept, or "" without a cache.
func (f Fetcher) cached(source string) string {
	if f.Cache == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(source))
	return filepath.Join(f.Cache, hex.EncodeToString(sum[:8])+".archive")
}

// keep copies an archive that has been unpacked whole into the cache, which
// may stand on another disk.
func (f Fetcher) keep(file, kept string) {
	data, err := os.ReadFile(file)
	if err == nil {
		err = os.MkdirAll(f.Cache, 0o755)
	}
	if err == nil {
		err = os.WriteFile(kept+".new", data, 0o644)
	}
	if err == nil {
		err = os.Rename(kept+".new", kept)
	}
	if err != nil {
		f.Sink.Emit(event.Notice{Level: "info", Text: "the archive is not kept for the next time: " + err.Error()})
	}
}

func (f Fetcher) forget(kept string) error {
	if err := os.Remove(kept); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("clear archive from cache: %w", err)
	}
	return nil
}

func empty(root *os.Root) error {
	d, err := root.Open(".")
	if err != nil {
		return err
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	for _, n := range names {
		err = errors.Join(err, root.RemoveAll(n))
	}
	return err
}

// save writes what stands behind source into a new file.
func (f Fetcher) save(ctx context.Context, source, file string) error {
	body, size, err := f.Get.Get(ctx, source)
	if fault.CodeOf(err) == fault.Usage && strings.HasPrefix(source, publicArchives) {
		return fault.New(fault.Usage, "Choose a version that is published: sentryctl release list, or name another source with --source", "%w", err).WithDoc(doc)
	}
	if err != nil {
		return err
	}
	defer body.Close()
	out, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("save archive: %w", err)
	}
	limit := defaultLimits().archive
	meter := &meter{sink: f.Sink, item: path.Base(Shown(source)), total: max(size, 0)}
	n, err := io.Copy(io.MultiWriter(out, meter), io.LimitReader(body, limit+1))
	if err := errors.Join(err, out.Close()); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fault.New(fault.Other, "Run the same command again, or download the archive by hand and name the file with --source", "download %s: %w", Shown(source), err)
	}
	if n > limit {
		return blame(source, unsafe("the archive is larger than %d bytes", limit))
	}
	if size >= 0 && n != size {
		return blame(source, broken(fmt.Errorf("got %d of %d bytes", n, size)))
	}
	return nil
}

// meter says how far a download is, once per 256 KiB.
type meter struct {
	sink              event.Sink
	item              string
	done, said, total int64
}

func (m *meter) Write(p []byte) (int, error) {
	m.done += int64(len(p))
	if m.done-m.said >= 256<<10 || m.done == m.total {
		m.said = m.done
		m.sink.Emit(event.Progress{Item: m.item, Unit: "bytes", Done: m.done, Total: m.total})
	}
	return len(p), nil
}
