package repository_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/internal/backup/repository/repositorytest"
)

// A directory that is reached through a link is taken in as any other.
func TestADirectoryBehindALink(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	rep := repositorytest.Open(t, repositorytest.Make(t, filepath.Join(t.TempDir(), "repository")))
	w, err := rep.Write(t.Context(), repository.Options{Source: repository.Source{Site: "s", Path: "/site"}, Dir: link})
	if err != nil || w.Files != 1 {
		t.Errorf("got %d files, %v", w.Files, err)
	}
}
