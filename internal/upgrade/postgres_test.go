package upgrade

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// server is a Stack whose one-offs are played by a function.
type server struct {
	Stack
	play func(c workload.Streams) (int, error)
}

func (s server) Pipe(_ context.Context, _ workload.OneOff, c workload.Streams) (int, error) {
	return s.play(c)
}

type heard struct{ lines []string }

func (h *heard) Emit(e event.Event) {
	if l, is := e.(event.Log); is {
		h.lines = append(h.lines, l.Text)
	}
}

func TestPourOver(t *testing.T) {
	const facts = factMark + "rows of postgres.public.auth_user = 2\n" + factMark + "role a = b = true\n"
	var got string
	old := server{play: func(c workload.Streams) (int, error) {
		io.WriteString(c.Err, facts[:30])
		io.WriteString(c.Err, facts[30:]+"a warning\n")
		io.WriteString(c.Out, "CREATE TABLE x;\n")
		return 0, nil
	}}
	fresh := server{play: func(c workload.Streams) (int, error) {
		data, err := io.ReadAll(c.In)
		got = string(data)
		io.WriteString(c.Out, facts)
		return 0, err
	}}
	h := &heard{}
	before, after, err := pourOver(t.Context(), old, fresh, h)
	if err != nil || got != "CREATE TABLE x;\n" {
		t.Fatalf("got %q and %v", got, err)
	}
	want := map[string]string{"rows of postgres.public.auth_user": "2", "role a = b": "true"}
	if d := cmp.Diff([]map[string]string{want, want}, []map[string]string{before, after}); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"a warning"}, h.lines); d != "" {
		t.Error(d)
	}
}

// Whichever server fails, the other comes to its end and the cause is named.
func TestPourOverThatFails(t *testing.T) {
	fine := func(c workload.Streams) (int, error) { _, err := io.Copy(io.Discard, c.In); return 0, err }
	talk := func(c workload.Streams) (int, error) {
		for {
			if _, err := c.Out.Write(make([]byte, 1<<16)); err != nil {
				return 0, err
			}
		}
	}
	cases := []struct {
		name       string
		old, fresh func(workload.Streams) (int, error)
		want       string
	}{
		{"the new at once", talk, func(workload.Streams) (int, error) { return 3, nil }, "the new server: exit code 3"},
		{"the old in the middle", func(c workload.Streams) (int, error) {
			io.WriteString(c.Out, "half")
			return 0, errors.New("no disk")
		}, fine, "no disk"},
		{"the old by its code", func(workload.Streams) (int, error) { return 1, nil }, fine, "exit code 1"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := pourOver(t.Context(), server{play: c.old}, server{play: c.fresh}, event.Discard{})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}

// fullDisk is a project whose new PostgreSQL finds no room.
type fullDisk struct {
	Stack
	volumes map[string]bool
}

func (f fullDisk) Model() release.Model {
	return release.Model{Volumes: []release.Volume{{Name: "data", EngineName: "site-postgres", MountedBy: []string{postgres + ":" + postgresData}}}}
}
func (f fullDisk) Stop(context.Context, ...string) error       { return nil }
func (f fullDisk) ClearLeftover(context.Context, string) error { return nil }
func (f fullDisk) CreateVolume(_ context.Context, name, _ string) error {
	f.volumes[name] = true
	return nil
}
func (f fullDisk) RemoveVolume(_ context.Context, name string) error {
	delete(f.volumes, name)
	return nil
}
func (f fullDisk) Pipe(_ context.Context, o workload.OneOff, c workload.Streams) (int, error) {
	if o.Name == writeName {
		return 0, errors.New("no space left on device")
	}
	_, err := io.WriteString(c.Out, "CREATE TABLE x;\n")
	return 0, err
}

// What was half written beside gives its room back before the former release starts.
func TestHalfWrittenPostgresLeavesNothing(t *testing.T) {
	e := newHop(t, nil, nil, nil)
	f := fullDisk{volumes: map[string]bool{"site-postgres": true}}
	e.Projects = Projects{
		Open:   func(context.Context, string) (Stack, error) { return f, nil },
		Beside: func(context.Context, string, string) (Stack, error) { return f, nil },
	}
	err := writeBeside(Beside{From: "9.6", To: "14"}).Run(t.Context(), e)
	if err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("got %v", err)
	}
	if d := cmp.Diff(map[string]bool{"site-postgres": true}, f.volumes); d != "" {
		t.Errorf("volumes (-want +got):\n%s", d)
	}
}

func TestAlike(t *testing.T) {
	before := map[string]string{"rows of a": "2", "rows of b": "0"}
	if err := alike(before, map[string]string{"rows of a": "2", "rows of b": "0", "role pg_new": "x"}); err != nil {
		t.Errorf("the same: %v", err)
	}
	for name, after := range map[string]map[string]string{"fewer rows": {"rows of a": "1", "rows of b": "0"}, "no table": {"rows of a": "2"}} {
		if err := alike(before, after); fault.CodeOf(err) != fault.Integrity {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if err := alike(nil, nil); err == nil {
		t.Error("two servers that say nothing are taken to be alike")
	}
}
