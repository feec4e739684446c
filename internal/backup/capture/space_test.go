package capture_test

import (
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sentryctl/sentryctl/internal/backup/capture"
	"github.com/sentryctl/sentryctl/internal/backup/repository/repositorytest"
	"github.com/sentryctl/sentryctl/internal/fault"
)

func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=80m"); err != nil {
		t.Skipf("only who may mount has a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Errorf("unmount the small disk: %v", err)
		}
	})
	return dir
}

// ofMiB is a tree that compresses to next to nothing.
func ofMiB(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "f"), make([]byte, n<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestRoomIsLookedForBeforeACapture(t *testing.T) {
	a := repositorytest.Make(t, filepath.Join(smallDisk(t), "repo"))
	req := capture.Request{Access: a, Site: "s", Set: "1", Volumes: []capture.Volume{{Name: "v", Dir: ofMiB(t, 90)}}}
	take := func() error {
		return capture.Run(t.Context(), req, strings.NewReader(capture.Go), func(capture.Report) {})
	}
	if err := take(); fault.CodeOf(err) != fault.PreflightBlocked || !strings.Contains(err.Error(), "154 MiB are new") {
		t.Fatalf("got code %d and %v", fault.CodeOf(err), err)
	}
	req.Force = true
	if err := take(); err != nil {
		t.Fatalf("with force: %v", err)
	}
}

func TestRoomIsLookedForBeforeARestore(t *testing.T) {
	a := made(t)
	var got capture.Taken
	req := capture.Request{Access: a, Site: "s", Set: "1", Volumes: []capture.Volume{{Name: "v", Dir: ofMiB(t, 90)}}}
	err := capture.Run(t.Context(), req, strings.NewReader(capture.Go), func(r capture.Report) {
		if r.Final != nil {
			got = r.Final.Volumes[0]
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	dir := smallDisk(t)
	wanted := capture.RestoreRequest{Access: a, Owners: true, Volumes: []capture.Wanted{{Name: "v", Dir: dir, Snapshot: got.Snapshot, Root: got.Root}}}
	err = capture.Restore(t.Context(), wanted, func(capture.Report) {})
	if fault.CodeOf(err) != fault.PreflightBlocked || !strings.Contains(err.Error(), "154 MiB") {
		t.Fatalf("got code %d and %v", fault.CodeOf(err), err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("something was written: %v, %v", left, err)
	}
}

// Where the way back of an upgrade would find no room is not begun.
func TestRoomIsLookedForBesideTheVolumes(t *testing.T) {
	dir := smallDisk(t)
	if err := os.WriteFile(filepath.Join(dir, "f"), make([]byte, 10<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	req := capture.Request{Access: made(t), Site: "s", Set: "1", Volumes: []capture.Volume{{Name: "v", Dir: dir}}}
	take := func() error {
		return capture.Run(t.Context(), req, strings.NewReader(capture.Go), func(capture.Report) {})
	}
	if err := take(); err != nil {
		t.Fatalf("when nobody asks: %v", err)
	}
	req.Twice = true
	err := take()
	if fault.CodeOf(err) != fault.Resumable || !strings.Contains(err.Error(), "write 74 MiB") || !strings.Contains(fault.HintOf(err), "--no-rollback") {
		t.Fatalf("got code %d, hint %q and %v", fault.CodeOf(err), fault.HintOf(err), err)
	}
	if err := os.Truncate(filepath.Join(dir, "f"), 1<<20); err != nil {
		t.Fatal(err)
	}
	if err := take(); err != nil {
		t.Errorf("with room: %v", err)
	}
	// A repository on the same disk takes some of that room itself.
	data := filepath.Join(dir, "data")
	noise := make([]byte, 6<<20)
	rand.Read(noise) //nolint:errcheck // never returns an error
	if err := errors.Join(os.Mkdir(data, 0o700), os.WriteFile(filepath.Join(data, "f"), noise, 0o600)); err != nil {
		t.Fatal(err)
	}
	req.Volumes[0].Dir = data
	if err := take(); err != nil {
		t.Errorf("with a repository elsewhere: %v", err)
	}
	req.Access = repositorytest.Make(t, filepath.Join(dir, "repository"))
	if err := take(); fault.CodeOf(err) != fault.Resumable {
		t.Errorf("when the copy itself takes the room: got %v", err)
	}
}

// A volume that a run before has completed is not written again.
func TestCompleteVolumesAreNotFilledAgain(t *testing.T) {
	a := made(t)
	var got capture.Taken
	req := capture.Request{Access: a, Site: "s", Set: "1", Volumes: []capture.Volume{{Name: "v", Dir: ofMiB(t, 1)}}}
	err := capture.Run(t.Context(), req, strings.NewReader(capture.Go), func(r capture.Report) {
		if r.Final != nil {
			got = r.Final.Volumes[0]
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	wanted := capture.Wanted{Name: "v", Dir: t.TempDir(), Snapshot: got.Snapshot, Root: got.Root}
	restored := 0
	for _, mark := range []string{"one", "one", "two"} {
		again := capture.RestoreRequest{Access: a, Owners: true, Again: true, Mark: mark, Volumes: []capture.Wanted{wanted}}
		err := capture.Restore(t.Context(), again, func(r capture.Report) {
			if r.Restored != nil {
				restored++
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if restored != 2 {
		t.Errorf("written %d times by three runs of two restores", restored)
	}
}
