package gate_test

import (
	"strings"
	"testing"

	"github.com/sentryctl/sentryctl/internal/upgrade/gate"
)

func TestRoomOfEachDisk(t *testing.T) {
	cases := []struct {
		name       string
		rooms      []gate.Room
		state      gate.State
		said, hint string
		not        string // what the hint leaves out
	}{
		{"nothing is asked", []gate.Room{on(1, gate.Images, 0)}, gate.OK, "10.0 GB are free in /disk", "", ""},
		{"all of it on one disk", []gate.Room{on(1, gate.Images, 1), on(1, gate.WayBack, 4), on(1, gate.Checkpoint, 5)}, gate.OK,
			"up to 10.0 GB are needed in /disk (1000 MB for images, 4000 MB for the way back, up to 5000 MB for the checkpoint), 10.0 GB are free", "", ""},
		{"each fits alone, and perhaps together", []gate.Room{on(1, gate.WayBack, 6), on(1, gate.Checkpoint, 6)}, gate.Warn, "up to 12.0 GB are needed", "another disk", ""},
		{"each on its own disk", []gate.Room{on(1, gate.WayBack, 6), on(2, gate.Checkpoint, 6)}, gate.OK, "6000 MB are needed in /disk (6000 MB for the way back), 10.0 GB are free; 6000 MB are needed in /disk (up", "", ""},
		{"images and the way back", []gate.Room{on(1, gate.Images, 5), on(1, gate.WayBack, 6)}, gate.Block, "11.0 GB are needed", "--no-rollback", "another disk"},
		{"images and the checkpoint", []gate.Room{on(1, gate.Images, 5), on(1, gate.Checkpoint, 6)}, gate.Block, "11.0 GB are needed", "another disk", "--no-rollback"},
		{"images and either", []gate.Room{on(1, gate.Images, 5), on(1, gate.WayBack, 6), on(1, gate.Checkpoint, 7)}, gate.Block, "at least 12.0 GB are needed", "docker system df", "--no-rollback"},
		{"the checkpoint's own disk", []gate.Room{on(1, gate.WayBack, 6), on(2, gate.Checkpoint, 11)}, gate.Block, "11.0 GB are needed", "Free some space there. Or keep backups", "docker"},
		{"a checkpoint, of which most is there already", []gate.Room{on(1, gate.WayBack, 9), on(1, gate.Checkpoint, 1)}, gate.OK, "up to 10.0 GB", "", ""},
		{"a repository over a network", []gate.Room{on(1, gate.WayBack, 9), on(1, gate.Cache, 2)}, gate.Block, "2000 MB for the cache of a repository over a network", "--no-rollback", "another disk"},
		{"PostgreSQL's data comes after the checkpoint", []gate.Room{on(1, gate.Beside, 6), on(1, gate.Checkpoint, 6)}, gate.Warn, "6000 MB for a PostgreSQL that is written anew", "another disk", ""},
		{"images whose size nobody knows", []gate.Room{on(1, gate.Pulled, 11)}, gate.Warn, "up to 11.0 GB are needed in /disk (up to 11.0 GB for images to pull, if they are as large as those of the same names here), 10.0 GB are free; that may do, for images share layers", "docker system df", "another disk"},
		{"a way back that needs it, too", []gate.Room{on(1, gate.Beside, 6), on(1, gate.WayBack, 6)}, gate.Block, "12.0 GB are needed", "--no-rollback", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := facts()
			f.Rooms = c.rooms
			got := finding(f, "room")
			if got.State != c.state || !strings.Contains(got.Said, c.said) || !strings.Contains(got.Hint, c.hint) || c.not != "" && strings.Contains(got.Hint, c.not) {
				t.Errorf("got %+v", got)
			}
		})
	}
	f := facts()
	f.Unmeasured = []string{"sentry-postgres"}
	if got := finding(f, "room"); got.State != gate.OK || !strings.HasSuffix(got.Said, "; not measured: sentry-postgres") {
		t.Errorf("got %+v", got)
	}
}

func finding(f gate.Facts, id string) gate.Finding {
	for _, got := range gate.Judge(f).Findings {
		if got.ID == id {
			return got
		}
	}
	return gate.Finding{}
}
