package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/upgrade"
)

func TestWhereReleasesComeFrom(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "25.10.0.tar.gz"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	between, target := calver.MustParse("25.5.1"), calver.MustParse("25.10.0")
	cases := []struct {
		name          string
		from          treeSources
		between, last string
	}{
		{"the public archives", treeSources{}, "", ""},
		{"a directory", treeSources{dir: dir}, filepath.Join(dir, "25.5.1"), filepath.Join(dir, "25.10.0.tar.gz")},
		{"one release", treeSources{target: "/x.zip"}, "", "/x.zip"},
		{"both", treeSources{dir: dir, target: "/x.zip"}, filepath.Join(dir, "25.5.1"), "/x.zip"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := c.from.of(between, target); got != c.between {
				t.Errorf("on the way: got %q, want %q", got, c.between)
			}
			if got := c.from.of(target, target); got != c.last {
				t.Errorf("to come to: got %q, want %q", got, c.last)
			}
		})
	}
}

// A release that is named is taken also where the site has kept one of that version,
// from a try that failed, perhaps.
func TestNamedReleaseIsTakenBeforeTheKept(t *testing.T) {
	s, err := site.At(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	v, named := calver.MustParse("25.10.0"), filepath.Join(t.TempDir(), "25.10.0")
	for dir, text := range map[string]string{s.ReleaseDir(v): "services: {kept: {image: a}}", named: "services: {named: {image: a}}"} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "docker-compose.yml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := release.Open(s.ReleaseDir(v))
	if err != nil {
		t.Fatal(err)
	}
	a := newApp(nil, nil, nil)
	for source, isKept := range map[string]bool{"": true, filepath.Join(t.TempDir(), "gone"): true, named: false} {
		tree, err := a.hopRelease(t.Context(), s, v, t.TempDir(), source)
		if err != nil || (tree.Digest == kept.Digest) != isKept {
			t.Errorf("from %q: got %+v, %v; want the kept one: %v", source, tree, err, isKept)
		}
	}
}

// A hop goes on with the repository that it began with, and so does what comes after.
func TestRepositoryOfAHop(t *testing.T) {
	for name, c := range map[string]struct {
		asked backupOptions
		noted upgrade.Begun
		want  backupOptions
	}{
		"nothing noted":        {backupOptions{site: "s"}, upgrade.Begun{}, backupOptions{site: "s"}},
		"noted":                {backupOptions{site: "s"}, upgrade.Begun{Repo: "/r", PasswordFile: "/p"}, backupOptions{"s", "/r", "/p"}},
		"another password now": {backupOptions{passwordFile: "/q"}, upgrade.Begun{Repo: "/r", PasswordFile: "/p"}, backupOptions{"", "/r", "/q"}},
		"moved meanwhile":      {backupOptions{repo: "/moved"}, upgrade.Begun{Repo: "/r", PasswordFile: "/p"}, backupOptions{repo: "/moved"}},
	} {
		if got := c.asked.of(c.noted); got != c.want {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
}
