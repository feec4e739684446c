package stack

import (
	"path/filepath"
	"testing"

	"github.com/sentryctl/sentryctl/internal/event"
)

// The test image has no nginx program, so that an attempt to reload shows as
// a warning.
func TestProxyIsReloadedWhenOthersWereStarted(t *testing.T) {
	e := realEngine(t)
	compose := func(value string) string {
		return "services: {nginx: {image: " + boxImage + ", command: [serve, 0s]}, web: {image: " + boxImage +
			", command: [serve, 0s], environment: {BOX: " + value + "}}}"
	}
	s := newSite(t, e, compose("one"))
	warnings := func() (n int) {
		for _, told := range s.told.list {
			if notice, ok := told.(event.Notice); ok && notice.Level == "warn" {
				n++
			}
		}
		return n
	}
	for range 2 {
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := warnings(); n != 0 {
		t.Errorf("after the first start and one that did nothing: %d reloads", n)
	}
	write(t, filepath.Join(s.dir, "docker-compose.yml"), "name: "+s.project.Name()+"\n"+compose("two"))
	s.load(t, e)
	if err := s.Start(t.Context(), "web"); err != nil {
		t.Fatal(err)
	}
	if n := warnings(); n != 1 {
		t.Errorf("after web was made anew: %d reloads, want 1", n)
	}
}
