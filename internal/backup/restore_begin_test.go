package backup_test

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/step"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// shelf is a project whose Engine has volumes, and no room for more data.
type shelf struct {
	backup.RestoreStack
	have map[string]bool
}

func (s *shelf) VolumeExists(_ context.Context, name string) (bool, error) { return s.have[name], nil }
func (s *shelf) CreateVolume(_ context.Context, name, _ string) error {
	s.have[name] = true
	return nil
}
func (s *shelf) RemoveVolume(_ context.Context, name string) error { delete(s.have, name); return nil }
func (s *shelf) VolumeDirs(context.Context, ...string) (map[string]string, error) {
	return nil, nil
}

func (s *shelf) Talk(context.Context, workload.Talk) error {
	return fault.New(fault.PreflightBlocked, "Make room", "there is no room")
}

func (s *shelf) Model() release.Model {
	return release.Model{Volumes: []release.Volume{{Name: "v", EngineName: "p_v"}, {Name: "w", EngineName: "p_w"}}}
}

// What one restore was to keep is not removed by another one that gives up.
func TestARestoreThatGivesUpLeavesWhatOthersKeep(t *testing.T) {
	a := newRepository(t)
	saveSet(t, a, "1")
	saveSet(t, a, "2")
	rep := openRepository(t, a)
	sets, err := backup.List(t.Context(), rep, "s")
	if err != nil {
		t.Fatal(err)
	}
	s := &site.Site{Dir: t.TempDir()}
	st := &shelf{have: map[string]bool{"p_v": true, "p_w": true, "p_w-restore": true}}
	restore := func(set backup.Set, last step.ID) error {
		env := &backup.RestoreEnv{Asked: backup.Asked{Volumes: []string{"v"}}, Access: a, Repository: rep, Set: set, Site: s, Stack: st, Sink: event.Discard{}, Now: time.Now}
		for _, one := range backup.RestoreSteps() {
			if one.Skip != nil {
				if why, err := one.Skip(t.Context(), env); err != nil || why != "" {
					continue
				}
			}
			if err := one.Run(t.Context(), env); err != nil || one.ID == last {
				return err
			}
		}
		return nil
	}
	left := []string{"p_v", "p_w", "p_w-restore"}
	if err := restore(sets[0], "fill-volumes"); fault.CodeOf(err) != fault.PreflightBlocked {
		t.Fatal(err)
	}
	if d := cmp.Diff(left, slices.Sorted(maps.Keys(st.have))); d != "" {
		t.Errorf("refused for want of room: %s", d)
	}
	if err := restore(sets[0], "begin-restore"); err != nil {
		t.Fatal(err)
	}
	st.have["p_v-restore"] = true // it was cut short while it wrote
	if err := restore(sets[1], "begin-restore"); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(left, slices.Sorted(maps.Keys(st.have))); d != "" {
		t.Errorf("another took its place: %s", d)
	}
}

// A restore that goes on after the site has proven to work does not stop it again.
func TestARestoreThatWasProvenOnlyTidiesUp(t *testing.T) {
	for kind, want := range map[step.Kind]int{step.KindStarted: len(backup.RestoreSteps()), step.KindSkipped: len(backup.RestoreSteps()), step.KindDone: 2} {
		left := backup.RestoreRest([]step.Record{{Kind: step.KindDone, Step: "swap-volumes"}, {Kind: kind, Step: "prove-restored"}})
		if len(left) != want || left[0].ID != "begin-restore" || left[len(left)-1].ID != "remove-replaced" {
			t.Errorf("%s: got %d steps, want %d", kind, len(left), want)
		}
	}
}
