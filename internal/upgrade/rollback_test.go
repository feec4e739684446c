package upgrade

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/step"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// engine is a Stack that notes what it is told. What a test does not expect
// to be called is not there.
type engine struct {
	Stack
	calls []string
	model release.Model
}

func (e *engine) did(call string) error {
	e.calls = append(e.calls, call)
	return nil
}

func (e *engine) Halt(context.Context) error                        { return e.did("halt") }
func (e *engine) EndOneOffs(context.Context) error                  { return e.did("end one-offs") }
func (e *engine) ClearLeftover(context.Context, string) error       { return nil }
func (e *engine) UseKept(_ context.Context, tag string) error       { return e.did("use " + tag) }
func (e *engine) Build(context.Context) error                       { return e.did("build") }
func (e *engine) Start(context.Context, ...string) error            { return e.did("start") }
func (e *engine) MissingImages(context.Context) ([]string, error)   { return nil, nil }
func (e *engine) RemoveOrphans(context.Context) ([]string, error)   { return nil, e.did("orphans") }
func (e *engine) Model() release.Model                              { return e.model }
func (e *engine) RemoveVolume(_ context.Context, name string) error { return e.did("remove " + name) }
func (e *engine) Status(context.Context) ([]workload.Status, error) { return nil, nil }
func (e *engine) Logs(context.Context, string, int) ([]byte, error) { return nil, nil }

// goBack takes the way back of a hop whose files are in place.
func goBack(t *testing.T, gate error, data bool) (*engine, *Env, error) {
	t.Helper()
	hop := newHop(t, tree{"docker-compose.yml": "old"}, tree{"docker-compose.yml": "new", "added": "x"}, tree{"docker-compose.yml": "old"})
	stage(t, hop)
	p, err := hop.keepPrevious()
	if err == nil {
		err = p.apply(hop.Site)
	}
	if err != nil {
		t.Fatal(err)
	}
	st := &engine{model: release.Model{Project: "x", Volumes: []release.Volume{{Name: "pg", EngineName: "x-pg", MountedBy: []string{"postgres:/var/lib/postgresql/data"}}}}}
	env := &BackEnv{
		Placed: p, From: hop.Hop.From, Data: data, Site: hop.Site, Sink: event.Discard{},
		Open: func(context.Context) (Stack, error) { return st, nil },
		Restore: func(context.Context) (*backup.RestoreEnv, error) {
			return nil, errors.New("the repository is away")
		},
		Gate:   func(context.Context, Stack) error { return errors.Join(st.did("gate"), gate) },
		Close:  func() error { return st.did("close") },
		Failed: Failed{Run: "r1", Mask: func(s string) string { return s }},
	}
	journal, err := hop.Site.OpenRun("r2")
	if err != nil {
		t.Fatal(err)
	}
	defer journal.Close()
	runner := step.Runner[*BackEnv]{Log: journal, Sink: event.Discard{}, Now: time.Now}
	_, err = runner.Run(context.Background(), env, step.Header{Run: "r2"}, BackSteps())
	return st, hop, err
}

func TestWayBackWithoutData(t *testing.T) {
	st, hop, err := goBack(t, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"end one-offs", "remove x-ballast", "use sentryctl-25.5.1", "build", "start", "gate", "orphans", "remove x-pg-beside", "close"}, st.calls); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(tree{"docker-compose.yml": "old"}, read(t, hop.Site.Dir)); d != "" {
		t.Error(d)
	}
	if _, err := os.Stat(FailedDir(hop.Site, "r1")); err != nil {
		t.Errorf("nothing of the failure is kept: %v", err)
	}
}

// A former release that does not work either is left as it is, and its run
// stays open.
func TestWayBackThatFails(t *testing.T) {
	st, _, err := goBack(t, fault.New(fault.Resumable, "Look", "no"), false)
	if fault.CodeOf(err) != fault.Resumable || st.calls[len(st.calls)-1] != "gate" {
		t.Errorf("got %v after %v", err, st.calls)
	}
}

// Nothing starts on data that could not be brought back.
func TestWayBackWithoutItsRepository(t *testing.T) {
	st, _, err := goBack(t, nil, true)
	if err == nil {
		t.Fatal("it came to its end")
	}
	if d := cmp.Diff([]string{"end one-offs", "remove x-ballast", "halt", "use sentryctl-25.5.1", "build"}, st.calls); d != "" {
		t.Error(d)
	}
}

// A way back that goes on after its gate had passed leaves alone what the former release
// has stored since.
func TestWayBackThatWasProvenOnlyTidiesUp(t *testing.T) {
	ids := func(steps []BackStep) (list []step.ID) {
		for _, s := range steps {
			list = append(list, s.ID)
		}
		return list
	}
	all := ids(BackSteps())
	for _, c := range []struct {
		kind step.Kind
		want []step.ID
	}{
		{step.KindStarted, all}, {step.KindFailed, all}, {step.KindDone, []step.ID{"begin-restore", "remove-replaced", "end-rollback"}},
	} {
		records := []step.Record{{Kind: step.KindDone, Step: "swap-volumes"}, {Kind: c.kind, Step: "health-gate"}}
		if d := cmp.Diff(c.want, ids(Rest(records))); d != "" {
			t.Errorf("%s:\n%s", c.kind, d)
		}
	}
}
