package capture

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/internal/backup/repository/repositorytest"
)

// A file of the right size and time is left as it is by a run that goes on,
// but not after the machine has started anew: its content may never have come
// to the disk.
func TestWhatWasWrittenBeforeALossOfPowerIsNotTrusted(t *testing.T) {
	a := repositorytest.Make(t, filepath.Join(t.TempDir(), "repo"))
	rep := repositorytest.Open(t, a)
	from, dir := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(from, "f"), []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := rep.Write(t.Context(), repository.Options{Source: repository.Source{Site: "s", Path: Path("v")}, Dir: from})
	if err != nil {
		t.Fatal(err)
	}
	req := RestoreRequest{Access: a, Owners: true, Again: true, Volumes: []Wanted{{Name: "v", Dir: dir, Snapshot: w.ID, Root: w.Root}}}
	file := filepath.Join(dir, "f")
	for _, c := range []struct {
		name, boot, want string
	}{
		{"first", "", "content"},
		{"the machine runs on", "", "zeroes!"},
		{"it started anew", "another boot", "content"},
	} {
		if info, err := os.Stat(file); err == nil {
			if err := os.WriteFile(file, []byte("zeroes!"), 0o600); err != nil {
				t.Fatal(err)
			}
			chtimes(t, file, info.ModTime())
		}
		if c.boot != "" {
			if err := unix.Setxattr(dir, bootName, []byte(c.boot), 0); err != nil {
				t.Fatal(err)
			}
		}
		if err := Restore(t.Context(), req, func(Report) {}); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(file); string(got) != c.want || err != nil {
			t.Errorf("%s: got %q, %v", c.name, got, err)
		}
	}
}

func chtimes(t *testing.T, path string, when time.Time) {
	t.Helper()
	if err := os.Chtimes(path, when, when); err != nil {
		t.Fatal(err)
	}
}
