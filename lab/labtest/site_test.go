package labtest

import (
	"bytes"
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/lab/setup"
)

// A site's things go, and those of a site whose name merely starts alike stay.
func TestCleaningKnowsItsOwn(t *testing.T) {
	s := NewSite(t)
	mine, another := s.Prefix+"-data", s.Prefix+"0_data"
	make := func(args ...string) {
		t.Helper()
		if _, err := s.Docker.Output(t.Context(), args...); err != nil {
			t.Fatal(err)
		}
	}
	make("volume", "create", mine)
	make("volume", "create", another)
	t.Cleanup(func() { s.Docker.Output(context.Background(), "volume", "rm", another) }) //nolint:errcheck // gone is gone
	make("network", "create", s.Prefix+"_default")
	make("create", "--name", s.Prefix+"-kafka-1", "--volume", mine+":/data", "sentryctl-lab/kafka:7.6.6")

	var said bytes.Buffer
	if err := (setup.Cleaning{Docker: s.Docker, Prefix: s.Prefix, Talk: &said}).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("removing 1 containers\nremoving 1 networks\nremoving 1 volumes\n", said.String()); diff != "" {
		t.Errorf("talk (-want +got):\n%s", diff)
	}
	left, err := s.Docker.Lines(t.Context(), "volume", "ls", "-q", "--filter", "name="+s.Prefix)
	if err != nil || !slices.Equal(left, []string{another}) {
		t.Errorf("got volumes %v and %v, want %s alone", left, err, another)
	}
}

func TestSitesShareNothing(t *testing.T) {
	a, b := NewSite(t), NewSite(t)
	if a.Prefix == b.Prefix || a.Port == b.Port || a.Dir == b.Dir {
		t.Errorf("got %s %d %s and %s %d %s", a.Prefix, a.Port, a.Dir, b.Prefix, b.Port, b.Dir)
	}
}
