package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/backup/capture"
	"github.com/sentryctl/sentryctl/internal/backup/repository/repositorytest"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/upgrade/gate"
	"github.com/sentryctl/sentryctl/internal/upgrade/plan"
)

func TestVolumesAreMeasuredWhereTheyCanBe(t *testing.T) {
	dir := t.TempDir()
	all := []backup.Volume{{Name: "here", EngineName: "p_here"}, {Name: "log", EngineName: "p_log", Reason: "a log"}, {Name: "new", EngineName: "p_new"},
		{Name: "on-nfs", EngineName: "p_nfs"}, {Name: "away", EngineName: "p_away"}}
	var l roomLook
	l.find(all, map[string]string{"p_here": dir, "p_log": dir, "p_nfs": "", "p_away": filepath.Join(dir, "none")})
	if d := cmp.Diff([]capture.Volume{{Name: "here", Dir: dir}}, l.volumes); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"on-nfs", "away"}, l.unmeasured); d != "" {
		t.Error(d)
	}
	l = roomLook{}
	l.find(all, nil) // the Engine is on another machine
	if len(l.volumes) > 0 || len(l.unmeasured) != 4 {
		t.Errorf("got %+v", l)
	}
}

// The gate asks for what a hop asks for: less when a checkpoint has been made before.
func TestRoomOfACheckpointIsWhatIsNewToItsRepository(t *testing.T) {
	const mib = 1 << 20
	volume := capture.Volume{Name: "v", Dir: t.TempDir()}
	if err := os.WriteFile(filepath.Join(volume.Dir, "f"), []byte(strings.Repeat("sentryctl", mib)), 0o600); err != nil {
		t.Fatal(err)
	}
	acc := repositorytest.Make(t, filepath.Join(t.TempDir(), "repository"))
	ask := func() (back, checkpoint gate.Room) {
		l := roomLook{project: "p", volumes: []capture.Volume{volume}}
		l.wayBack(t.Context())
		l.checkpoint(t.Context(), repositorytest.Open(t, acc), acc.Target.Path)
		if len(l.rooms) != 2 || len(l.unmeasured) > 0 {
			t.Fatalf("got %+v", l)
		}
		return l.rooms[0], l.rooms[1]
	}
	back, first := ask()
	if back.Disk != first.Disk || back.Free <= 0 || back.Bytes != first.Bytes || first.Bytes != (64+9)*mib {
		t.Errorf("got %+v and %+v", back, first)
	}
	req := capture.Request{Access: acc, Site: "p", Set: "1", Volumes: []capture.Volume{volume}}
	if err := capture.Run(t.Context(), req, strings.NewReader(capture.Go), func(capture.Report) {}); err != nil {
		t.Fatal(err)
	}
	if again, next := ask(); again.Bytes != back.Bytes || next.Bytes != 64*mib {
		t.Errorf("got %+v and %+v", again, next)
	}
}

// A repository that is still to be made lies on the disk of the directory that is there.
func TestRoomOfACheckpointThatIsTheFirst(t *testing.T) {
	s := newTestSite(t, "25.5.1")
	l := roomLook{project: "p", volumes: []capture.Volume{{Name: "v", Dir: t.TempDir()}}}
	a := &app{getenv: func(string) string { return "" }}
	said, err := a.checkpointPlace(t.Context(), s, backupOptions{}, &l)
	if err != nil || !strings.Contains(said, s.Own("checkpoint")) || len(l.rooms) != 1 || l.rooms[0].Free <= 0 {
		t.Errorf("got %q, %v and %+v", said, err, l)
	}
	if exists(s.Own("checkpoint")) {
		t.Error("asking made something")
	}
}

// A checkpoint that goes over a network asks the Engine's disk for its cache.
func TestRoomOfACheckpointOverANetwork(t *testing.T) {
	var l roomLook
	l.cache() // the Engine is on another machine
	if len(l.rooms) > 0 {
		t.Errorf("got %+v", l.rooms)
	}
	l.engine(t.TempDir(), plan.Space{})
	l.cache()
	if n := len(l.rooms) - 1; n < 0 || l.rooms[n].For != gate.Cache || l.rooms[n].Bytes != capture.Cache || l.rooms[n].Free <= 0 {
		t.Errorf("got %+v", l.rooms)
	}
}

// A rollback for which there is no room stops nothing.
func TestRoomToRollBack(t *testing.T) {
	volume := func(name string, bytes int64) backup.SavedVolume {
		return backup.SavedVolume{Volume: backup.Volume{EngineName: name}, Saved: backup.Saved{Bytes: bytes}}
	}
	dirs := map[string]string{"p_one": t.TempDir(), "p_nfs": ""}
	small := []backup.SavedVolume{volume("p_one", 1), volume("p_nfs", 1<<60), volume("p_away", 1<<60)}
	if err := enoughRoom("/srv/sentry", small, dirs); err != nil {
		t.Error(err)
	}
	err := enoughRoom("/srv/sentry", append(small, volume("p_one", 1<<60)), dirs)
	if fault.CodeOf(err) != fault.PreflightBlocked || !strings.Contains(fault.HintOf(err), "sentryctl rollback --site /srv/sentry") {
		t.Errorf("got %v, %s", err, fault.HintOf(err))
	}
}
