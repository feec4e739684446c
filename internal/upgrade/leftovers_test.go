package upgrade

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/release"
)

// keeper is a Stack that cannot let go of one version's images.
type keeper struct {
	Stack
	stuck   string
	tags    []string
	volumes []string // that were removed
}

func (k *keeper) ForgetKept(_ context.Context, tag string) error {
	if tag == k.stuck {
		return errors.New("in use")
	}
	k.tags = append(k.tags, tag)
	return nil
}

func (k *keeper) Model() release.Model { return withLog() }

func (k *keeper) RemoveVolume(_ context.Context, name string) error {
	k.volumes = append(k.volumes, name)
	return nil
}

// withLog is a project with a volume for Kafka's log.
func withLog() release.Model {
	return release.Model{Project: "x", Volumes: []release.Volume{{Name: "log", EngineName: "x-log", MountedBy: []string{"kafka:/var/lib/kafka/data"}}}}
}

func TestLeftovers(t *testing.T) {
	e := newHop(t, tree{"a": "1"}, tree{"a": "2"}, tree{"a": "1"})
	heard := &notes{}
	st := &keeper{stuck: "sentryctl-24.1.0"}
	e.Sink, e.stack = heard, st
	for _, v := range []string{"23.6.2", "24.1.0", "24.8.0", "99.1.0", "own-notes"} {
		if err := os.MkdirAll(e.Site.Own("releases", v), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, e.Hop.NewKafka = range []bool{true, false} { // the log that a hop has set aside stays until the next
		if err := removeLeftovers().Run(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(e.Site.Own("releases"))
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, d := range entries {
		left = append(left, d.Name())
	}
	want := []string{"24.1.0", e.Hop.To.String(), e.Hop.From.String(), "99.1.0", "own-notes"}
	if d := cmp.Diff(want, left); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"sentryctl-23.6.2", "sentryctl-24.8.0"}, st.tags); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"x-log-former"}, st.volumes); d != "" {
		t.Error(d)
	}
	if len(heard.list) == 0 || !strings.Contains(heard.list[0], "24.1.0 stay: in use") {
		t.Errorf("told %q", heard.list)
	}
	if _, err := os.Stat(e.Site.ReleaseDir(calver.MustParse("23.6.2"))); err == nil {
		t.Error("a former tree was left")
	}
}
