package helper_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/helper"
)

func put(t *testing.T, path, text string, mode fs.FileMode) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o600)
	}
	if err == nil {
		err = os.Chmod(path, mode)
	}
	if err == nil {
		err = os.Chtimes(path, time.Time{}, time.Unix(1_700_000_000, 0))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// tree is each entry with its mode and content.
func tree(t *testing.T, root string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		info, err := d.Info()
		if err != nil {
			return err
		}
		text := info.Mode().String()
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			to, _ := os.Readlink(path)
			text += " " + to
		case info.Mode().IsRegular():
			data, _ := os.ReadFile(path)
			text += " " + string(data) + info.ModTime().UTC().String()
		}
		out[rel] = text
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestCloneIsTheSame(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	put(t, filepath.Join(from, "PG_VERSION"), "14\n", 0o600)
	put(t, filepath.Join(from, "base/1/2"), "rows", 0o640)
	put(t, filepath.Join(from, "bin/tool"), "x", fs.ModeSetuid|0o755)
	if err := errors.Join(os.Symlink("base/1", filepath.Join(from, "link")), os.Mkdir(filepath.Join(from, "empty"), 0o700)); err != nil {
		t.Fatal(err)
	}
	var last helper.Cloned
	c := helper.Clone{Pairs: []helper.Pair{{Name: "data", From: from, To: to}}, Say: func(c helper.Cloned) { last = c }}
	if err := c.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(tree(t, from), tree(t, to)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if last.Done != 8 || last.Total != 8 || last.Volume != "data" {
		t.Errorf("said %+v", last)
	}
}

func TestCloneWithoutRoomWritesNothing(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	put(t, filepath.Join(from, "file"), "text", 0o600)
	c := helper.Clone{Pairs: []helper.Pair{{Name: "data", From: from, To: to}}, Reserve: 1 << 60, Say: func(helper.Cloned) {}}
	if err := c.Run(t.Context()); fault.CodeOf(err) != fault.PreflightBlocked {
		t.Errorf("got %v", err)
	}
	if got := tree(t, to); len(got) != 1 {
		t.Errorf("left %v", got)
	}
}

func TestCloneEndsWhenItIsTold(t *testing.T) {
	from := t.TempDir()
	put(t, filepath.Join(from, "file"), "text", 0o600)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := helper.Clone{Pairs: []helper.Pair{{Name: "data", From: from, To: t.TempDir()}}, Say: func(helper.Cloned) {}}
	if err := c.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// What is read first decides from where PostgreSQL recovers.
func TestCloneReadsTheControlFileFirstAndTheLogLast(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	for _, name := range []string{"base/1/1", "global/1", "global/pg_control", "pg_wal/0001", "PG_VERSION", "zzz"} {
		put(t, filepath.Join(from, name), name, 0o600)
	}
	// A directory in the way stops the copy at the name that it has.
	order := []string{"global/pg_control", "global/1", "PG_VERSION", "base/1/1", "zzz", "pg_wal/0001"}
	for i, name := range order {
		if err := os.MkdirAll(filepath.Join(to, name), 0o700); err != nil {
			t.Fatal(err)
		}
		c := helper.Clone{Pairs: []helper.Pair{{Name: "data", From: from, To: to}}, Say: func(helper.Cloned) {}}
		if err := c.Run(t.Context()); err == nil {
			t.Fatalf("%s is a directory and was written", name)
		}
		for j, other := range order {
			info, err := os.Lstat(filepath.Join(to, other))
			if copied := err == nil && info.Mode().IsRegular(); copied != (j < i) {
				t.Errorf("stopped at %s: %s copied %v", name, other, copied)
			}
		}
		if err := os.RemoveAll(filepath.Join(to, name)); err != nil {
			t.Fatal(err)
		}
	}
}
