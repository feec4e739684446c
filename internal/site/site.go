// Package site owns an installation on disk: its paths, its record, its lock,
// its journals and its history. It does not know what the files mean.
package site

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/fault"
)

// DefaultDir is where a site lives when nothing else is said.
const DefaultDir = "/opt/sentry"

const ownDir = ".sentryctl"

// Site is an installation directory, laid out as upstream's checkout with our
// own files under .sentryctl.
type Site struct {
	Dir string // absolute
}

// At returns the site in dir, which need not exist yet.
func At(dir string) (*Site, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fault.New(fault.Usage, "Give an absolute path with --site", "resolve site directory: %w", err)
	}
	info, err := os.Stat(abs)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &Site{Dir: abs}, nil
	case err != nil:
		return nil, fault.New(fault.NoSite, "Run as the user that owns it, or choose another directory with --site", "read site directory: %w", err)
	case !info.IsDir():
		return nil, fault.New(fault.Usage, "Choose a directory with --site", "%s is not a directory", abs)
	}
	if _, err := os.ReadDir(abs); err != nil {
		return nil, fault.New(fault.NoSite, "Run as the user that owns it, or choose another directory with --site", "read site directory: %w", err)
	}
	return &Site{Dir: abs}, nil
}

// Open returns the site in dir and its record; a directory without one is a
// NoSite fault.
func Open(dir string) (*Site, Record, error) {
	s, err := At(dir)
	if err != nil {
		return nil, Record{}, err
	}
	rec, err := s.ReadRecord()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, Record{}, fault.New(fault.NoSite,
			"Name the directory with --site, or install one: sentryctl install --site "+s.Dir, "no sentryctl site in %s", s.Dir)
	}
	return s, rec, err
}

// Path joins elements onto the site directory.
func (s *Site) Path(elem ...string) string {
	return filepath.Join(append([]string{s.Dir}, elem...)...)
}

// Own joins elements onto our own directory in the site.
func (s *Site) Own(elem ...string) string {
	return filepath.Join(append([]string{s.Dir, ownDir}, elem...)...)
}

// ReleaseDir is where the pristine tree of a version is kept: the base of
// every merge, and the way back.
func (s *Site) ReleaseDir(v calver.Version) string { return s.Own("releases", v.String()) }

// Foreign tells what in the directory belongs to another installation, or ""
// when it is free for us: it is absent, empty, or ours.
func (s *Site) Foreign() (string, error) {
	if _, err := os.Stat(s.Own()); err == nil {
		return "", nil
	}
	entries, err := os.ReadDir(s.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if errors.Is(err, fs.ErrPermission) {
		return "", fault.New(fault.NoSite, "Run as a user who may read it, or choose another directory with --site", "read site directory: %w", err)
	}
	if err != nil {
		return "", fmt.Errorf("read site directory: %w", err)
	}
	for _, e := range entries {
		if e.Name() == "lost+found" || e.Name() == "docker-compose.override.yml" {
			continue // a mount point of its own; the admin's file, put there beforehand
		}
		return e.Name(), nil
	}
	return "", nil
}

// Create makes the site's directories. A directory that we make is closed to
// other users, because files that containers read cannot be (ADR 0003).
func (s *Site) Create() error {
	if _, err := os.Stat(s.Dir); errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(filepath.Dir(s.Dir), 0o755); err != nil {
			return writable(err)
		}
		if err := os.Mkdir(s.Dir, 0o700); err != nil {
			return writable(err)
		}
	}
	for _, dir := range []string{s.Own(), s.Own("runs"), s.Own("releases")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return writable(err)
		}
	}
	return nil
}

func writable(err error) error {
	return fault.New(fault.NoSite, "Run as a user who may write there, or choose another directory with --site", "create site: %w", err)
}
