package backup_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/backup/capture"
	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/internal/backup/repository/repositorytest"
	"github.com/sentryctl/sentryctl/internal/fault"
)

func openRepository(t *testing.T, a repository.Access) *repository.Repository {
	t.Helper()
	a.Dir = t.TempDir() // no cache
	return repositorytest.Open(t, a)
}

func newRepository(t *testing.T) repository.Access {
	t.Helper()
	return repositorytest.Make(t, filepath.Join(t.TempDir(), "repo"))
}

// dataBlobs are the files of a repository that hold files.
func dataBlobs(t *testing.T, a repository.Access) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	err := filepath.WalkDir(a.Target.Path, func(path string, d fs.DirEntry, err error) error {
		if rel, _ := filepath.Rel(a.Target.Path, path); err == nil && !d.IsDir() && strings.HasPrefix(rel, "p") {
			found[path] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// saveSet writes a backup of one volume and its manifest, and gives the blobs
// of the manifest.
func saveSet(t *testing.T, a repository.Access, id string) (blobs []string) {
	t.Helper()
	return saveSetOf(t, a, id, "v")
}

func saveSetOf(t *testing.T, a repository.Access, id, volume string) (blobs []string) {
	t.Helper()
	rep, dir := openRepository(t, a), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte("of "+id), 0o600); err != nil {
		t.Fatal(err)
	}
	tags := map[string]string{capture.SetTag: id}
	saved := func(path string) backup.Saved {
		w, err := rep.Write(t.Context(), repository.Options{Source: repository.Source{Site: "s", Path: path}, Dir: dir, Tags: tags})
		if err != nil {
			t.Fatal(err)
		}
		return backup.Saved{Snapshot: w.ID, Root: w.Root}
	}
	m := backup.Manifest{Set: id, Site: "s", Volumes: []backup.SavedVolume{{Volume: backup.Volume{Name: volume}, Saved: saved(capture.Path(volume))}}, SiteFiles: saved("/site")}
	text, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	before := dataBlobs(t, a)
	_, err = rep.Write(t.Context(), repository.Options{
		Source: repository.Source{Site: "s", Path: "/manifest"}, Files: []repository.File{{Path: "manifest.json", Mode: 0o600, Data: text}}, Tags: tags, Commit: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	for path := range dataBlobs(t, a) {
		if !before[path] {
			blobs = append(blobs, path)
		}
	}
	return blobs
}

// One backup whose manifest cannot be read hides no other, is told of, and is
// not taken for one that did not come to its end.
func TestDamagedManifestHidesNoOthers(t *testing.T) {
	a := newRepository(t)
	saveSet(t, a, "1")
	for _, path := range saveSet(t, a, "2") {
		if err := os.Truncate(path, 10); err != nil {
			t.Fatal(err)
		}
	}
	saveSet(t, a, "3")
	rep := openRepository(t, a)
	sets, damaged, err := backup.ListAll(t.Context(), rep, "s")
	if err != nil || len(sets) != 2 || sets[0].ID() != "1" || sets[1].ID() != "3" {
		t.Fatalf("listed %+v, %v", sets, err)
	}
	if err := backup.DamageError(damaged); len(damaged) != 1 || damaged[0].ID != "2" || fault.CodeOf(err) != fault.Integrity || fault.HintOf(err) == "" {
		t.Errorf("damaged: %+v, %v", damaged, err)
	}
	if n, err := backup.Orphans(t.Context(), rep, "s"); n != 0 || err != nil {
		t.Errorf("%d parts were removed, %v", n, err)
	}
	if err := backup.Forget(t.Context(), rep, sets[0]); err != nil {
		t.Fatal(err)
	}
	if left, _, err := backup.ListAll(t.Context(), openRepository(t, a), "s"); err != nil || len(left) != 1 || left[0].ID() != "3" {
		t.Errorf("left: %+v, %v", left, err)
	}
	if _, err := sets[1].Snapshots(t.Context(), rep); err != nil {
		t.Errorf("the whole one: %v", err)
	}
}

// A crash between the manifest and the word that it is there lets it be written
// once more. The way back of an upgrade must find it all the same.
func TestFindsABackupThatWasWrittenTwice(t *testing.T) {
	set := func(id, tool string) backup.Set { return backup.Set{Manifest: backup.Manifest{Set: id, Tool: tool}} }
	sets := []backup.Set{set("20260101T000000Z", "other"), set("20260102T000000Z", "first"), set("20260102T000000Z", "again")}
	if got, err := backup.Find(sets, "20260102T000000Z"); err != nil || got.Tool != "again" {
		t.Errorf("got %q, %v", got.Tool, err)
	}
	if _, err := backup.Find(sets, "2026010"); fault.CodeOf(err) != fault.Usage {
		t.Errorf("an ID that two begin with: %v", err)
	}
	if _, err := backup.Find(sets, "20260103"); fault.CodeOf(err) != fault.Usage {
		t.Errorf("an ID that none begins with: %v", err)
	}
}

func TestDiffOfBackups(t *testing.T) {
	a := newRepository(t)
	saveSetOf(t, a, "1", "old")
	saveSetOf(t, a, "22", "new")
	rep := openRepository(t, a)
	sets, err := backup.List(t.Context(), rep, "s")
	if err != nil {
		t.Fatal(err)
	}
	got, err := backup.Diff(t.Context(), rep, sets[0], sets[1])
	if err != nil {
		t.Fatal(err)
	}
	want := []repository.Change{
		{Path: "new/", What: "added", After: 5},
		{Path: "old/", What: "removed", Before: 4},
		{Path: "site/file", What: "changed", Before: 4, After: 5},
	}
	slices.SortFunc(got, func(a, b repository.Change) int { return strings.Compare(a.Path, b.Path) })
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
