package main

import (
	"path/filepath"

	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/release/remote"
)

// fetcher returns what brings releases onto this disk. Want is a digest or "".
func (a *app) fetcher(sink event.Sink, want string) release.Fetcher {
	return release.Fetcher{Get: remote.New(), Cache: a.cacheDir("releases"), Want: want, Sink: sink}
}

// cacheDir is where things that can be downloaded again are kept, or "" when
// the user has no such place.
func (a *app) cacheDir(name string) string {
	base := a.getenv("XDG_CACHE_HOME")
	if home := a.getenv("HOME"); base == "" && home != "" {
		base = filepath.Join(home, ".cache")
	}
	if !filepath.IsAbs(base) {
		return ""
	}
	return filepath.Join(base, "sentryctl", name)
}
