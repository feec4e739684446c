package stack

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/moby/client"

	"github.com/sentryctl/sentryctl/internal/event"
)

const withDoor = `
services:
  web:
    image: ` + boxImage + `
    command: [serve, 300ms]
    restart: unless-stopped
    environment: {BOX: VALUE}
    healthcheck: {test: [CMD, /sentryctl, health], interval: 60s}
  relay:
    image: ` + boxImage + `
    command: [serve, 0s]
    restart: unless-stopped
    environment: {BOX: VALUE}
    depends_on: {web: {condition: service_healthy}}
  nginx:
    image: ` + boxImage + `
    command: [serve, 0s]
    restart: unless-stopped
    environment: {BOX: VALUE}
    depends_on: {web: {condition: service_healthy, restart: true}, relay: {condition: service_started, restart: true}}
`

// made is when each container was made, and when it was started.
func made(t *testing.T, e *Engine, s *site) (made, started map[string]time.Time) {
	t.Helper()
	found, err := s.observe(t.Context(), func(string) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	made, started = map[string]time.Time{}, map[string]time.Time{}
	for name, boxes := range found {
		res, err := e.api.ContainerInspect(t.Context(), boxes[0].id, client.ContainerInspectOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if made[name], err = time.Parse(time.RFC3339Nano, res.Container.Created); err != nil {
			t.Fatal(err)
		}
		started[name] = boxes[0].started
	}
	return made, started
}

// An open door stays as it is until what is behind it is ready; then relay is
// replaced, and nginx last.
func TestTheDoorIsReplacedLast(t *testing.T) {
	e := realEngine(t)
	s := newSite(t, e, strings.ReplaceAll(withDoor, "VALUE", "one"))
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	before, _ := made(t, e, s)
	write(t, filepath.Join(s.dir, "docker-compose.yml"), "name: "+s.project.Name()+"\n"+strings.ReplaceAll(withDoor, "VALUE", "two"))
	s.load(t, e)
	s.told.list = nil
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	after, started := made(t, e, s)
	for name := range before {
		if !after[name].After(before[name]) {
			t.Errorf("%s was not replaced", name)
		}
	}
	if !after["relay"].After(started["web"]) || !after["nginx"].After(started["relay"]) {
		t.Errorf("made: %v, started: %v", after, started)
	}
	var ready []string
	for _, told := range s.told.list {
		switch is := told.(type) {
		case event.Progress:
			ready = append(ready, is.Item)
		case event.Notice:
			t.Errorf("told: %s", is.Text) // of a reload that the next part makes needless
		}
	}
	if d := cmp.Diff([]string{"web", "relay", "nginx"}, ready); d != "" {
		t.Errorf("services that are ready, in order (-want +got):\n%s", d)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if again, _ := made(t, e, s); cmp.Diff(after, again) != "" {
		t.Error("a second start changes something")
	}
}

// A door that is shut, or alone in what is replaced, is started with the rest.
func TestOtherStartsHaveOnePart(t *testing.T) {
	e := realEngine(t)
	s := newSite(t, e, strings.ReplaceAll(withDoor, "VALUE", "one"))
	one := func(when string) {
		t.Helper()
		parts, err := s.doorLast(t.Context(), s.model())
		if err != nil || len(parts) != 1 || !slices.Equal(parts[0], []string{"nginx", "relay", "web"}) {
			t.Errorf("%s: got %v, %v", when, parts, err)
		}
	}
	change := func(service, from, to string) {
		t.Helper()
		head, tail, _ := strings.Cut(strings.ReplaceAll(withDoor, "VALUE", from), "  "+service+":")
		text := head + "  " + service + ":" + strings.Replace(tail, "BOX: "+from, "BOX: "+to, 1)
		write(t, filepath.Join(s.dir, "docker-compose.yml"), "name: "+s.project.Name()+"\n"+text)
		s.load(t, e)
	}
	one("nothing is there")
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	one("all is as it should be")
	change("nginx", "one", "two")
	one("nginx alone is to be replaced")
	change("web", "one", "two")
	one("the door is not to be replaced")
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	one("the door is shut")
}

// Who stops everything shuts the door first: relay needs Kafka to hand over what it has.
func TestTheDoorIsShutFirst(t *testing.T) {
	e := realEngine(t)
	s := newSite(t, e, strings.ReplaceAll(withDoor, "VALUE", "one"))
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Halt(t.Context()); err != nil {
		t.Fatal(err)
	}
	found, err := s.observe(t.Context(), func(string) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	ended := map[string]time.Time{}
	for name, boxes := range found {
		res, err := e.api.ContainerInspect(t.Context(), boxes[0].id, client.ContainerInspectOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if ended[name], err = time.Parse(time.RFC3339Nano, res.Container.State.FinishedAt); err != nil {
			t.Fatal(err)
		}
	}
	if ended["web"].IsZero() || ended["web"].Before(ended["relay"]) || ended["web"].Before(ended["nginx"]) {
		t.Errorf("ended: %v", ended)
	}
}
