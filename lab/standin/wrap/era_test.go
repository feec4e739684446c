package wrap

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

// Data of one era is refused by the images of the other, as by servers of
// different major versions.
func TestErasRefuseEachOther(t *testing.T) {
	play := func(dir, tag string, args ...string) (cluster, string, error) {
		var out bytes.Buffer
		p := &proc.Proc{Args: args, Stdout: &out, Getenv: func(string) string { return tag }}
		c := cluster{dir: dir}
		_, err := c.playEra(p)
		return c, out.String(), err
	}
	old := t.TempDir()
	c, _, err := play(old, "9.6")
	if err != nil || c.dir != filepath.Join(old, eraDir) {
		t.Fatalf("9.6 on an empty directory: got %q and %v", c.dir, err)
	}
	if err := c.showEra(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(old, "PG_VERSION"))
	if err != nil || string(data) != "9.6\n" {
		t.Errorf("PG_VERSION: got %q and %v", data, err)
	}
	if _, _, err := play(old, "14.5"); err == nil {
		t.Error("14.5 takes data of 9.6")
	}
	if _, _, err := play(old, "9.6"); err != nil {
		t.Errorf("9.6 refuses its own data: %v", err)
	}
	later := t.TempDir()
	if err := os.Mkdir(filepath.Join(later, "base"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, _, err := play(later, "9.6"); err == nil {
		t.Error("9.6 takes data of a later version")
	}
	if c, _, err := play(later, "14.5"); err != nil || c.dir != later {
		t.Errorf("14.5 on its own data: got %q and %v", c.dir, err)
	}
	if _, said, err := play(later, "9.6", "--version"); err != nil || said != "postgres (PostgreSQL) 9.6.24\n" {
		t.Errorf("--version: got %q and %v", said, err)
	}
}
