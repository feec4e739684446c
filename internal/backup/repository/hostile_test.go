package repository

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/kopia/kopia/repo"
	"github.com/kopia/kopia/repo/object"
	"github.com/kopia/kopia/snapshot"
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
				content = []byte("/tmp")
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
		"attributes of what's above": {entries: []*snapshot.DirEntry{file("a")}, attrs: Attributes{XAttrs: map[string]map[string][]byte{"../out": {"user.x": nil}}}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
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
			s := forged(t, r, c.entries...)
			above := t.TempDir()
			target := filepath.Join(above, "target")
			if err := os.Mkdir(target, 0o755); err != nil {
				t.Fatal(err)
			}
			err = r.Restore(t.Context(), RestoreOptions{Snapshot: s, Dir: target, Attributes: c.attrs, NoSync: true})
			if err == nil && !c.passes {
				t.Error("the restore found nothing wrong")
			}
			left, _ := os.ReadDir(above)
			if len(left) != 1 {
				t.Errorf("outside of the target there is %v", left)
			}
			if _, err := os.Stat("/tmp/file"); err == nil {
				t.Error("a link was followed")
			}
		})
	}
}
