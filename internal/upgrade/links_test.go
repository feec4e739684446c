package upgrade

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/install"
	"github.com/sentryctl/sentryctl/internal/site"
)

// What an admin's link leads to is not written before the release's files take their
// places, and comes back with them.
func TestAHopBehindALink(t *testing.T) {
	etc := t.TempDir()
	write(t, etc, tree{"env": "A=1\n"})
	e := newHop(t, tree{"docker-compose.yml": "old"}, tree{"docker-compose.yml": "new"}, tree{"docker-compose.yml": "old"})
	link(t, filepath.Join(etc, "env"), e.Site.Path(".env.custom"))
	e.Work.Render = func(_ calver.Version, _, disk fs.FS) ([]install.File, error) {
		if disk == nil {
			return nil, nil
		}
		data, err := fs.ReadFile(disk, ".env.custom")
		return []install.File{{Path: ".env.custom", Mode: 0o600, Data: append(data, "B=2\n"...)}}, err
	}
	is := func(want string) {
		t.Helper()
		if got := read(t, etc)["env"]; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	stage(t, e)
	is("A=1\n")
	p, err := e.keepPrevious()
	if err == nil {
		err = p.apply(e.Site)
	}
	if err != nil {
		t.Fatal(err)
	}
	is("A=1\nB=2\n")
	if err := p.PutBack(e.Site); err != nil {
		t.Fatal(err)
	}
	is("A=1\n")
	if target, err := os.Readlink(e.Site.Path(".env.custom")); err != nil || target != filepath.Join(etc, "env") {
		t.Errorf("the link is gone: %v", err)
	}
}

// A link to another file of the site is written through as well.
func TestAHopBehindALinkInTheSite(t *testing.T) {
	own := tree{"docker-compose.yml": "old", "config/nginx.conf": "a\nb\n"}
	e := newHop(t, tree{"docker-compose.yml": "old", "nginx.conf": "a\nb\n"}, tree{"docker-compose.yml": "new", "nginx.conf": "a\nB\n"}, own)
	link(t, "config/nginx.conf", e.Site.Path("nginx.conf"))
	before := read(t, e.Site.Dir)
	stage(t, e)
	p, err := e.keepPrevious()
	if err == nil {
		err = p.apply(e.Site)
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, e.Site.Dir)["nginx.conf"]; got != "a\nB\n" {
		t.Errorf("after the hop: %q", got)
	}
	if err := p.PutBack(e.Site); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(before, read(t, e.Site.Dir)); d != "" {
		t.Errorf("after the way back: %s", d)
	}
	if target, err := os.Readlink(e.Site.Path("nginx.conf")); err != nil || target != "config/nginx.conf" {
		t.Errorf("the link is gone: %v", err)
	}
}

// A copy of a site has copies of what its links lead to: who writes there does not write
// into the site.
func TestACopyHasNoWayIntoTheSite(t *testing.T) {
	etc := t.TempDir()
	write(t, etc, tree{"conf/config.yml": "a", "env": "A=1"})
	from, err := site.At(filepath.Join(t.TempDir(), "site"))
	if err == nil {
		err = from.Create()
	}
	if err != nil {
		t.Fatal(err)
	}
	write(t, from.Dir, tree{"docker-compose.yml": "x", "own/file": "y"})
	link(t, filepath.Join(etc, "conf"), from.Path("sentry"))
	link(t, filepath.Join(etc, "env"), from.Path(".env.custom"))
	link(t, from.Path("own/file"), from.Path("absolute"))
	link(t, "own/file", from.Path("relative"))
	to, err := site.At(filepath.Join(t.TempDir(), "copy"))
	if err == nil {
		err = CopySite(from, to, calver.MustParse("25.5.1"))
	}
	if err != nil {
		t.Fatal(err)
	}
	want := tree{"docker-compose.yml": "x", "own/file": "y", "sentry/config.yml": "a", ".env.custom": "A=1", "absolute": "y", "relative": "y"}
	if d := cmp.Diff(want, read(t, to.Dir)); d != "" {
		t.Error(d)
	}
	for name := range want {
		if _, err := os.Readlink(to.Path(name)); err == nil && name != "relative" {
			t.Errorf("%s is a link", name)
		}
	}
}

// A site that is reached through a link has files as any other.
func TestAHopOfASiteBehindALink(t *testing.T) {
	e := newHop(t, tree{"docker-compose.yml": "old"}, tree{"docker-compose.yml": "new"}, tree{"docker-compose.yml": "old", "docker-compose.override.yml": "mine"})
	at := filepath.Join(t.TempDir(), "link")
	link(t, e.Site.Dir, at)
	through, err := site.At(at)
	if err != nil {
		t.Fatal(err)
	}
	e.Site = through
	stage(t, e)
	if d := cmp.Diff(tree{"docker-compose.yml": "new", "docker-compose.override.yml": "mine"}, read(t, StageDir(through))); d != "" {
		t.Error(d)
	}
}

func link(t *testing.T, target, at string) {
	t.Helper()
	if err := os.Symlink(target, at); err != nil {
		t.Fatal(err)
	}
}
