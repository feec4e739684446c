package stack

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// lateEngine calls a container that runs paused for some looks more.
type lateEngine struct {
	client.APIClient
	looks, asked int
}

func (l *lateEngine) ContainerInspect(context.Context, string, client.ContainerInspectOptions) (client.ContainerInspectResult, error) {
	state := container.StateRunning
	if l.looks > 0 {
		l.looks, state = l.looks-1, container.StatePaused
	}
	return client.ContainerInspectResult{Container: container.InspectResponse{ID: "c", State: &container.State{Status: state}}}, nil
}

func (l *lateEngine) ContainerUnpause(context.Context, string, client.ContainerUnpauseOptions) (client.ContainerUnpauseResult, error) {
	l.asked++
	return client.ContainerUnpauseResult{}, errors.New("Cannot unpause container c: cannot resume a running process: unknown")
}

// Once an answer was too late, the Engine may call a container paused that
// goes on: it is waited for, not asked again, and the services are not given up.
func TestLetGoOfWhatGoesOnAlready(t *testing.T) {
	late := &lateEngine{looks: 3}
	s := &Stack{FreezeTimeout: time.Minute, engine: &Engine{api: late}, api: late}
	if err := s.letGo(t.Context(), "web", "c"); err != nil || late.looks > 0 || late.asked != 1 {
		t.Errorf("got %v, asked %d times, %d looks left", err, late.asked, late.looks)
	}
}
