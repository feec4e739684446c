package upgrade

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// stored is a project on an Engine that has some volumes.
type stored struct {
	engine
	have map[string]bool
}

func (s *stored) VolumeExists(_ context.Context, name string) (bool, error) {
	return s.have[name], nil
}

// A hop that is killed after its last step leaves nothing that takes up room.
func TestRoomIsFreedWithTheLastStep(t *testing.T) {
	e := newHop(t, tree{"a": "1"}, tree{"a": "2"}, tree{"a": "1"})
	st := &engine{model: release.Model{Project: "x"}}
	e.stack = st
	if err := LayBallast(e.Site); err != nil {
		t.Fatal(err)
	}
	steps := Steps(e.Hop)
	last := steps[len(steps)-1]
	if err := last.Run(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if !last.Always {
		t.Error("one that goes on after it leaves the ballast that it has laid")
	}
	if present(ballast(e.Site)) {
		t.Error("the ballast stays")
	}
	if d := cmp.Diff([]string{"remove x-ballast"}, st.calls); d != "" {
		t.Errorf("calls (-want +got):\n%s", d)
	}
}

func TestRoomIsKeptForWhatIsSaved(t *testing.T) {
	st := &stored{have: map[string]bool{"x-pg": true, "x-kafka": true}}
	st.model = release.Model{Volumes: []release.Volume{
		{Name: "pg", EngineName: "x-pg", MountedBy: []string{"postgres:/var/lib/postgresql/data"}},
		{Name: "data", EngineName: "x-data", MountedBy: []string{"web:/data"}}, // not made yet
		{Name: "kafka", EngineName: "x-kafka", MountedBy: []string{"kafka:/var/lib/kafka/data"}},
	}}
	var h workload.Helper
	if err := besideSaved(t.Context(), st, &h); err != nil {
		t.Fatal(err)
	}
	want := workload.Helper{Args: []string{"--beside", "/saved/pg"}, Mounts: []workload.Mount{{Volume: "x-pg", Path: "/saved/pg", ReadOnly: true}}}
	if d := cmp.Diff(want, h); d != "" {
		t.Error(d)
	}
	st.have["x-pg-restore"] = true // of a restore --keep-old: the way back would find no place
	err := besideSaved(t.Context(), st, &h)
	if fault.CodeOf(err) != fault.PreflightBlocked || !strings.Contains(fault.HintOf(err), "docker volume rm x-pg-restore") {
		t.Errorf("got %v, %s", err, fault.HintOf(err))
	}
}
