package backup_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// engine holds the states of services, and refuses a number of times.
type engine struct {
	states map[string]string
	away   int
	vain   int // how often Unpause says that it did, and did not
	began  []string
}

func (e *engine) Unpause(_ context.Context, services ...string) error {
	if e.away > 0 {
		e.away--
		return fault.New(fault.NoEngine, "Start it", "the Engine is away")
	}
	if e.vain > 0 {
		e.vain--
		return nil
	}
	for _, s := range services {
		if e.states[s] == "paused" {
			e.states[s] = "running"
			e.began = append(e.began, s)
		}
	}
	return nil
}

func (e *engine) Start(_ context.Context, services ...string) error {
	for _, s := range services {
		e.states[s] = "running"
		e.began = append(e.began, "started "+s)
	}
	return nil
}

func (e *engine) Status(context.Context) ([]workload.Status, error) {
	var list []workload.Status
	for name, state := range e.states {
		list = append(list, workload.Status{Service: name, State: state})
	}
	return list, nil
}

// resting is a site whose backup died while these services rested.
func resting(t *testing.T, note string) *site.Site {
	t.Helper()
	s, err := site.At(filepath.Join(t.TempDir(), "site"))
	if err == nil {
		err = s.Create()
	}
	if err == nil && note != "" {
		err = site.WriteFile(s.Own("backup", "resting.json"), []byte(note), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const threeRest = `{"set":"1","services":["web","worker","postgres"]}`

func TestWakeLetsAllGoOn(t *testing.T) {
	cases := []struct {
		name  string
		note  string
		have  map[string]string
		away  int
		began []string
	}{
		{"nobody rests", "", map[string]string{"web": "exited"}, 0, nil},
		{"frozen ones, stores first", threeRest, map[string]string{"web": "paused", "worker": "paused", "postgres": "paused"}, 0, []string{"postgres", "worker", "web"}},
		{"an Engine that comes back", threeRest, map[string]string{"web": "paused", "worker": "running", "postgres": "running"}, 2, []string{"web"}},
		{"stopped by the Engine's restart", threeRest, map[string]string{"web": "running", "worker": "running", "postgres": "exited"}, 0, []string{"started postgres"}},
		{"others are none of its business", threeRest, map[string]string{"web": "running", "worker": "running", "postgres": "running", "cron": "exited"}, 0, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s, e := resting(t, c.note), &engine{states: c.have, away: c.away}
			if err := backup.Wake(t.Context(), s, e); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.began, e.began); d != "" {
				t.Error(d)
			}
			if _, rests, err := backup.ReadResting(s); rests || err != nil {
				t.Errorf("the note is left: %v", err)
			}
		})
	}
}

// later is an Engine that is away until another backup lets services rest.
type later struct {
	*engine
	begins func()
}

func (l later) Unpause(context.Context, ...string) error {
	l.begins()
	return fault.New(fault.NoEngine, "Start it", "the Engine is away")
}

// A guard that was slow does not wake what a later backup lets rest.
func TestWakeLeavesALaterBackupAlone(t *testing.T) {
	s, e := resting(t, threeRest), &engine{states: map[string]string{"web": "paused"}}
	err := backup.Wake(t.Context(), s, later{e, func() {
		if err := site.WriteFile(s.Own("backup", "resting.json"), []byte(`{"set":"2","services":["web"]}`), 0o600); err != nil {
			t.Error(err)
		}
	}})
	if err != nil || e.states["web"] != "paused" {
		t.Errorf("web is %s, %v", e.states["web"], err)
	}
	if note, rests, err := backup.ReadResting(s); !rests || note.Set != "2" {
		t.Errorf("its note: %+v, %v, %v", note, rests, err)
	}
}

// One that waited for the Engine looks anew before it goes on.
func TestWakeLooksAnewAfterAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, e := resting(t, threeRest), &engine{states: map[string]string{"web": "paused"}, away: 1}
		done := make(chan error)
		go func() { done <- backup.Wake(t.Context(), s, e) }()
		synctest.Wait() // it pauses
		if err := site.WriteFile(s.Own("backup", "resting.json"), []byte(`{"set":"2","services":["web"]}`), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil || e.states["web"] != "paused" {
			t.Errorf("web is %s, %v", e.states["web"], err)
		}
	})
}

func TestWakeBelievesTheEngineAlone(t *testing.T) {
	s, e := resting(t, threeRest), &engine{states: map[string]string{"web": "paused"}, vain: 1}
	if err := backup.Wake(t.Context(), s, e); err != nil || e.states["web"] != "running" {
		t.Errorf("web is %s, %v", e.states["web"], err)
	}
}

func TestWakeGivesUpWithAWayOn(t *testing.T) {
	s, e := resting(t, threeRest), &engine{states: map[string]string{"web": "paused"}, away: 1 << 30}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := backup.Wake(ctx, s, e)
	if fault.CodeOf(err) != fault.Resumable || fault.HintOf(err) == "" {
		t.Errorf("got %d %v", fault.CodeOf(err), err)
	}
	if _, rests, _ := backup.ReadResting(s); !rests {
		t.Error("the note is gone while services rest")
	}
}

func TestBrokenNoteIsTold(t *testing.T) {
	s := resting(t, "{")
	if _, _, err := backup.ReadResting(s); fault.CodeOf(err) != fault.Resumable {
		t.Errorf("got %v", err)
	}
	if err := backup.Wake(t.Context(), s, &engine{}); err == nil {
		t.Error("Wake passed over it")
	}
	if _, err := os.Stat(s.Own("backup", "resting.json")); errors.Is(err, os.ErrNotExist) {
		t.Error("the note is gone")
	}
}
