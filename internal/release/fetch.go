package release

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
)

// Getter opens what stands behind a URL. Size is in bytes, -1 when the server
// does not say. Its errors carry code and hint.
type Getter interface {
	Get(ctx context.Context, url string) (body io.ReadCloser, size int64, err error)
}

// Fetcher brings releases onto the disk.
type Fetcher struct {
	Get   Getter
	Cache string // where downloaded archives are kept; "" keeps none
	Want  string // "sha256:…" of the archive or of the tree; "" for no check
	Sink  event.Sink
}

// DefaultSource is the public archive of a version.
func DefaultSource(v calver.Version) string { return publicArchives + v.String() + ".tar.gz" }

const publicArchives = "https://github.com/getsentry/self-hosted/archive/refs/tags/"

// Fetch brings the release that source names to dest, which is replaced as a
// whole if it holds a release already. Source is a URL, a directory or an
// archive file; "" is the public archive of v. A zero v means: whatever
// version the source holds. On an error dest is as it was. Content that is
// broken, unsafe or of another version or digest is an Integrity fault.
func (f Fetcher) Fetch(ctx context.Context, source string, v calver.Version, dest string) (Tree, error) {
	if err := f.checkArgs(source, v, dest); err != nil {
		return Tree{}, err
	}
	if f.Sink == nil {
		f.Sink = event.Discard{}
	}
	if source == "" {
		source = DefaultSource(v)
	}
	source = strings.TrimPrefix(source, "file://")
	if err := os.MkdirAll(filepath.Dir(dest), 0o755); err != nil {
		return Tree{}, fmt.Errorf("make room for release: %w", err)
	}
	stage, err := os.MkdirTemp(filepath.Dir(dest), "."+filepath.Base(dest)+".*")
	if err != nil {
		return Tree{}, fmt.Errorf("make room for release: %w", err)
	}
	defer os.RemoveAll(stage)
	tree, err := f.stage(ctx, source, v, stage)
	if err != nil {
		return Tree{}, err
	}
	if err := swap(tree.Dir, dest, stage); err != nil {
		return Tree{}, fmt.Errorf("put release in place: %w", err)
	}
	tree.Dir = dest
	return tree, nil
}

var digestForm = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

func (f Fetcher) checkArgs(source string, v calver.Version, dest string) error {
	if source == "" && v.IsZero() {
		return fault.New(fault.Usage, "Name a version with --version or a source with --source", "neither a version nor a source is given")
	}
	if f.Want != "" && !digestForm.MatchString(f.Want) {
		return fault.New(fault.Usage, "Write it as sha256: and 64 hexadecimal digits, as sha256sum prints them", "%q is not a digest", f.Want)
	}
	entries, err := os.ReadDir(dest)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err == nil {
		err = isRelease(dest)
	}
	if err != nil {
		return fault.New(fault.Usage, "Choose a directory that is empty or does not exist", "put release into %s: %w", dest, err)
	}
	return nil
}

// stage makes a verified tree below dir.
func (f Fetcher) stage(ctx context.Context, source string, v calver.Version, dir string) (Tree, error) {
	raw := filepath.Join(dir, "raw")
	if err := os.Mkdir(raw, 0o755); err != nil {
		return Tree{}, fmt.Errorf("make room for release: %w", err)
	}
	archive, err := f.fill(ctx, source, dir, raw)
	if err != nil {
		return Tree{}, err
	}
	top, err := topOf(raw)
	if err != nil {
		return Tree{}, err
	}
	tree, err := f.verify(top, source, archive, v)
	if kept := f.cached(source); err != nil && kept != "" {
		err = errors.Join(err, f.forget(kept))
	}
	return tree, err
}

// fill unpacks or copies source into raw and returns the digest of the
// archive, or "" for a directory.
func (f Fetcher) fill(ctx context.Context, source, dir, raw string) (string, error) {
	root, err := os.OpenRoot(raw)
	if err != nil {
		return "", fmt.Errorf("make room for release: %w", err)
	}
	defer root.Close()
	if isURL(source) {
		return f.download(ctx, source, dir, root)
	}
	info, err := os.Stat(source)
	switch {
	case err != nil:
		return "", fault.New(fault.Usage, "Give a URL, a directory or an archive file that exists: ls -l "+source, "read release: %w", err).WithDoc(doc)
	case info.IsDir():
		if err := isRelease(source); err != nil {
			return "", err
		}
		return "", tooLarge(source, copyTree(ctx, source, root, directoryLimits()))
	default:
		return f.unpackFile(ctx, source, source, root)
	}
}

func (f Fetcher) unpackFile(ctx context.Context, path, source string, root *os.Root) (string, error) {
	archive, err := os.Open(path)
	if err != nil {
		return "", fault.New(fault.Usage, "Give this user the right to read it: ls -l "+path, "read release: %w", err)
	}
	defer archive.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, archive); err != nil {
		return "", fmt.Errorf("read release: %w", err)
	}
	if _, err := archive.Seek(0, io.SeekStart); err != nil {
		return "", fmt.Errorf("read release: %w", err)
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil)), blame(source, unpack(ctx, archive, root, defaultLimits()))
}

// blame gives an error of unpacking its code and hint.
func blame(source string, err error) error {
	switch {
	case errors.Is(err, errBroken):
		return fault.New(fault.Integrity, "Download the archive again, completely, and run the same command", "unpack %s: %w", Shown(source), err).WithDoc(doc)
	case errors.Is(err, errUnsafe):
		return fault.New(fault.Integrity, "Do not use it; leave --source out to take the public archive", "unpack %s: %w", Shown(source), err).WithDoc(doc)
	case errors.Is(err, syscall.ENOSPC):
		return fault.New(fault.Other, "Free some space and run the same command again: df -h", "unpack %s: %w", Shown(source), err)
	case err != nil:
		return fmt.Errorf("unpack %s: %w", Shown(source), err)
	}
	return nil
}

// tooLarge gives an error of copying a directory its hint: what breaks a limit
// there is not the release but what has gathered beside it.
func tooLarge(source string, err error) error {
	if errors.Is(err, errUnsafe) {
		return fault.New(fault.Usage, "Give a directory that holds the release and nothing else", "copy %s: %w", source, err).WithDoc(doc)
	}
	return blame(source, err)
}
