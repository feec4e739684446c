package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/sentryctl/sentryctl/internal/calver"
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
