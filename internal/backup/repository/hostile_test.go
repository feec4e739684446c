package repository

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/kopia/kopia/repo"
	"github.com/kopia/kopia/repo/object"
	"github.com/kopia/kopia/snapshot"
	"golang.org/x/sys/unix"
)

// forged writes a snapshot whose only directory holds these entries.
func forged(t *testing.T, r *Repository, list ...*snapshot.DirEntry) Snapshot {
	t.Helper()
	m := &snapshot.Manifest{Source: Source{Site: "s", Path: "/x"}.info()}
	err := r.write(t.Context(), "forge", nil, func(ctx context.Context, w repo.DirectRepositoryWriter) error {
		for _, e := range list {
			if e.Type == snapshot.EntryTypeDirectory {
				inner := &snapshot.DirEntry{Name: "file", Type: snapshot.EntryTypeFile, Permissions: 0o644, ObjectID: store(t, ctx, w, []byte("evil"), "")}
				e.ObjectID = storeDir(t, ctx, w, inner)
				continue
			}
			content := []byte("evil")
			if e.Type == snapshot.EntryTypeSymlink {
				content = []byte("..") // out of the target, into a directory that is looked at
			}
			e.ObjectID = store(t, ctx, w, content, "")
		}
		id := storeDir(t, ctx, w, list...)
		m.RootEntry = &snapshot.DirEntry{Name: "root", Type: snapshot.EntryTypeDirectory, Permissions: 0o755, ObjectID: id}
		_, err := snapshot.SaveSnapshot(ctx, w, m)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return newSnapshot(m)
}

func store(t *testing.T, ctx context.Context, w repo.RepositoryWriter, content []byte, prefix string) object.ID {
	t.Helper()
	o := object.WriterOptions{}
	if prefix != "" {
		o.Prefix = "k"
	}
	out := w.NewObjectWriter(ctx, o)
	defer out.Close()
	if _, err := io.Copy(out, bytes.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	id, err := out.Result()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func storeDir(t *testing.T, ctx context.Context, w repo.RepositoryWriter, list ...*snapshot.DirEntry) object.ID {
	t.Helper()
	text, err := json.Marshal(snapshot.DirManifest{StreamType: "kopia:directory", Entries: list})
	if err != nil {
		t.Fatal(err)
	}
	return store(t, ctx, w, text, "k")
}

func TestHostileRepositoryWritesNothingOutside(t *testing.T) {
	file := func(name string) *snapshot.DirEntry {
		return &snapshot.DirEntry{Name: name, Type: snapshot.EntryTypeFile, Permissions: 0o644}
	}
	dir := func(name string) *snapshot.DirEntry {
		return &snapshot.DirEntry{Name: name, Type: snapshot.EntryTypeDirectory, Permissions: 0o755}
	}
	link := func(name string) *snapshot.DirEntry {
		return &snapshot.DirEntry{Name: name, Type: snapshot.EntryTypeSymlink}
	}
	cases := map[string]struct {
		entries []*snapshot.DirEntry
		attrs   Attributes
		passes  bool // the reader drops what is wrong
	}{
		"parent":                     {entries: []*snapshot.DirEntry{file("..")}},
		"path to the parent":         {entries: []*snapshot.DirEntry{file("../evil")}},
		"absolute":                   {entries: []*snapshot.DirEntry{file("/tmp/evil")}},
		"parent in hex":              {entries: []*snapshot.DirEntry{file("=hex=2e2e2f6576696c")}},
		"directory above":            {entries: []*snapshot.DirEntry{dir("../evil")}},
		"directory over a link":      {entries: []*snapshot.DirEntry{link("a"), dir("a")}, passes: true},
		"hard link from above":       {entries: []*snapshot.DirEntry{file("a")}, attrs: Attributes{Links: [][]string{{"../../etc/passwd", "a"}}}},
		"file over a link":           {entries: []*snapshot.DirEntry{link("a"), file("a")}, passes: true},
		"hard link through a link":   {entries: []*snapshot.DirEntry{link("a"), file("b")}, attrs: Attributes{Links: [][]string{{"b", "a/evil"}}}},
		"hard link from over a link": {entries: []*snapshot.DirEntry{link("a"), file("b")}, attrs: Attributes{Links: [][]string{{"a/bystander", "b"}}}},
		"hard link with a path":      {entries: []*snapshot.DirEntry{file("b")}, attrs: Attributes{Links: [][]string{{"b", "/tmp/evil"}}}},
		"attributes through a link":  {entries: []*snapshot.DirEntry{link("a")}, attrs: Attributes{XAttrs: map[string]map[string][]byte{"a/bystander": {"user.x": nil}}}},
		"attributes of a link":       {entries: []*snapshot.DirEntry{link("a")}, attrs: Attributes{XAttrs: map[string]map[string][]byte{"a": {"user.x": nil}}}},
		"attributes by a path":       {entries: []*snapshot.DirEntry{file("a")}, attrs: Attributes{XAttrs: map[string]map[string][]byte{"/tmp": {"user.x": nil}}}},
		"attributes of what's above": {entries: []*snapshot.DirEntry{file("a")}, attrs: Attributes{XAttrs: map[string]map[string][]byte{"../out": {"user.x": nil}}}},
	}
	to, err := ParseTarget(filepath.Join(t.TempDir(), "repo"))
	if err != nil {
		t.Fatal(err)
	}
	a := Access{Target: to, Password: "p", Dir: t.TempDir()}
	if err := Init(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	r, err := Open(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close(t.Context())
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := forged(t, r, c.entries...)
			above := t.TempDir()
			target := filepath.Join(above, "target")
			if err := errors.Join(os.Mkdir(target, 0o755), os.WriteFile(filepath.Join(above, "bystander"), []byte("good"), 0o600)); err != nil {
				t.Fatal(err)
			}
			err := r.Restore(t.Context(), RestoreOptions{Snapshot: s, Dir: target, Attributes: c.attrs, NoSync: true})
			if err == nil && !c.passes {
				t.Error("the restore found nothing wrong")
			}
			left, _ := os.ReadDir(above)
			if len(left) != 2 {
				t.Errorf("outside of the target there is %v", left)
			}
			untouched(t, filepath.Join(above, "bystander"))
			for _, path := range []string{"/tmp/evil", "/tmp/file"} {
				if _, err := os.Lstat(path); err == nil {
					t.Errorf("it wrote %s", path)
				}
			}
		})
	}
}

// untouched sees that a file beside the target is as it was.
func untouched(t *testing.T, path string) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil || string(content) != "good" {
		t.Errorf("the bystander holds %q, %v", content, err)
	}
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil || st.Nlink != 1 || st.Mode&0o777 != 0o600 {
		t.Errorf("the bystander has %d names and mode %o, %v", st.Nlink, st.Mode, err)
	}
	for _, name := range []string{path, filepath.Dir(path), "/tmp"} {
		if n, err := unix.Getxattr(name, "user.x", nil); err == nil {
			t.Errorf("%s has an attribute of %d bytes", name, n)
		}
	}
}
