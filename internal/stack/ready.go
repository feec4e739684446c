package stack

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
)

const (
	// stableFor is how long a container without a health check must have run.
	stableFor = time.Second
	// patience is how often a container may be started again by the Engine
	// before it is given up. Its pauses double from 100 ms on.
	patience = 5
	logTail  = "20"
)

// watch waits for one container to become ready.
type watch struct {
	stack   *Stack
	box     box
	urgency int
	fresh   bool // just started
	work    *gate
	said    string // by the last health command
	code    string // ", last with exit code N", once an end was seen
}

// ready returns when the container's own health command has passed, or, when
// it has none, when it has run for a moment. A container that has ended with
// code 0 and is not to be restarted has done its work and counts too. It does
// not wait for the Engine's own health state, which changes with the interval
// of the check, 30 s and more, but takes it when it is there.
func (w *watch) ready(ctx context.Context) error {
	deadline := time.Now().Add(w.stack.ReadyTimeout)
	beats := newRhythm(w.urgency > 0 || !w.fresh)
	first := w.box.restarts
	if w.fresh {
		// A program that was just started is not ready, and asking costs.
		if err := sleep(ctx, beats.pause()); err != nil {
			return err
		}
	}
	for {
		b, err := w.stack.engine.look(ctx, w.box.id)
		if err != nil {
			return fmt.Errorf("look at service %s: %w", w.box.service, err)
		}
		w.box = b
		done, err := w.judge(ctx, first)
		if err != nil {
			return err
		}
		if done {
			w.stack.proven.add(w.box)
			return nil
		}
		if time.Now().After(deadline) {
			return w.late(ctx)
		}
		if err := sleep(ctx, beats.pause()); err != nil {
			return err
		}
	}
}

// ended returns when the container has ended with code 0.
func (w *watch) ended(ctx context.Context) error {
	deadline := time.Now().Add(w.stack.ReadyTimeout)
	beats := newRhythm(true)
	for {
		b, err := w.stack.engine.look(ctx, w.box.id)
		if err != nil {
			return err
		}
		w.box = b
		switch {
		case b.state == container.StateExited && b.exitCode == 0:
			return nil
		case b.state == container.StateExited && !b.restartsAlways() || b.restarts >= patience:
			return w.failed(ctx, fmt.Sprintf("ended with exit code %d", b.exitCode))
		case time.Now().After(deadline):
			return fault.New(fault.Resumable, w.logHint(), "service %s has not ended after %s", b.service, w.stack.ReadyTimeout)
		}
		if err := sleep(ctx, beats.pause()); err != nil {
			return err
		}
	}
}

// proven remembers the containers that were ready once, by ID, and since which
// start: what several commands depend on is not proven anew for each.
type proven struct {
	mu    sync.Mutex
	since map[string]time.Time
}

func (p *proven) add(b box) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.since[b.id] = b.started
}

func (p *proven) has(b box) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	started, ok := p.since[b.id]
	return ok && started.Equal(b.started)
}

// judge decides on what was just seen, with the health command if there is
// one.
func (w *watch) judge(ctx context.Context, firstRestarts int) (ready bool, err error) {
	b := w.box
	if !b.running() && b.state != container.StateCreated {
		w.code = fmt.Sprintf(", last with exit code %d", b.exitCode)
	}
	switch {
	case b.completed():
		w.tellFailedErrand(ctx)
		return true, nil
	case b.restarts-firstRestarts >= patience && w.code != "":
		return false, w.failed(ctx, fmt.Sprintf("ends again and again (%d times)%s", b.restarts-firstRestarts+1, w.code))
	case b.restarts-firstRestarts >= patience:
		return false, nil // seen between two ends only: the next one tells the code
	case b.state == container.StateRestarting:
		return false, nil
	case b.state == container.StateCreated:
		return false, fault.New(fault.Resumable, "Start it: docker compose -p "+w.stack.project.Name()+" start "+b.service,
			"service %s has not been started", b.service)
	case !b.running():
		return false, w.failed(ctx, fmt.Sprintf("ended with exit code %d", b.exitCode))
	case b.health == container.Healthy, b.health != container.Unhealthy && w.stack.proven.has(b):
		return true, nil
	}
	command := healthCommand(b.check, b.shell)
	if command == nil && !w.fresh && b.restarts == firstRestarts {
		return true, nil // it ran before
	}
	if command == nil {
		return w.stable(ctx)
	}
	urgency := w.urgency
	if urgency > 0 {
		urgency += awaitedFirst
	}
	if err := w.work.enter(ctx, urgency); err != nil {
		return false, err
	}
	defer w.work.leave()
	ok, said, err := w.stack.engine.probe(ctx, b, command)
	w.said = said
	return ok, err
}

// stable tells that the container has run long enough. The first look starts
// the clock: the Engine's may differ from ours.
func (w *watch) stable(ctx context.Context) (bool, error) {
	before := w.box
	if err := sleep(ctx, stableFor); err != nil {
		return false, err
	}
	b, err := w.stack.engine.look(ctx, w.box.id)
	if err != nil {
		return false, err
	}
	w.box = b
	return b.running() && b.started.Equal(before.started), nil
}

// failed tells the last lines of the container's log and returns the error
// that ends the start. Where the Engine itself is on its way out, that is why.
func (w *watch) failed(ctx context.Context, what string) error {
	if err := w.stack.engine.leaving(ctx); err != nil {
		return err
	}
	text := "service " + w.box.service + " " + what
	if last := w.tellLog(ctx); last != "" {
		text += ": " + last
	}
	return fault.New(fault.Resumable, w.logHint(), "%s", text)
}

// tellFailedErrand is for the admin to judge: nothing waits for an errand.
func (w *watch) tellFailedErrand(ctx context.Context) {
	if w.box.exitCode == 0 {
		return
	}
	err := w.failed(ctx, fmt.Sprintf("ended with exit code %d", w.box.exitCode))
	w.stack.sink.Emit(event.Notice{Level: "warn", Text: err.Error() + "; nothing waits for it", Hint: fault.HintOf(err)})
}

func (w *watch) late(ctx context.Context) error {
	said := w.said
	if said == "" {
		said = strings.TrimSpace(w.box.healthLog)
	}
	if said == "" {
		said = "its health command says nothing"
	}
	w.tellLog(ctx)
	return fault.New(fault.Resumable, w.logHint(), "service %s is not ready after %s: %s", w.box.service, w.stack.ReadyTimeout, said)
}

func (w *watch) logHint() string {
	return fmt.Sprintf("Look at its log: docker compose -p %s logs %s", w.stack.project.Name(), w.box.service)
}

// tellLog tells the last lines of the log as events and returns the last one.
func (w *watch) tellLog(ctx context.Context) string {
	logs, err := w.stack.api.ContainerLogs(ctx, w.box.id, client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true, Tail: logTail})
	if err != nil {
		return "" // the error that is being told matters more
	}
	defer logs.Close()
	out := &tail{limit: lineLimit}
	copyLog(out, logs)
	for line := range strings.Lines(string(out.Bytes())) {
		if line = strings.TrimSpace(line); line != "" {
			w.stack.sink.Emit(event.Log{Source: w.box.service, Text: line})
		}
	}
	return lastLines(out.Bytes(), 1)
}
