package stack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/sentryctl/sentryctl/internal/workload"
)

const (
	pingTimeout   = 5 * time.Second
	removeTimeout = 30 * time.Second
	drainTimeout  = 10 * time.Second // for output after the end of the process
)

// containerRun is one life of a created container.
type containerRun struct {
	id             string
	stdin          []byte
	feed           io.Reader // in place of stdin: what comes while it runs
	stdout, stderr io.Writer
	sizes          <-chan workload.Size // not nil: it has a terminal
	stopTimeout    time.Duration        // on cancel
}

// runToEnd starts a created container, feeds and drains it, waits for its end
// and removes it, whatever happens. A non-zero exit code is not an error.
func (e *Engine) runToEnd(ctx context.Context, r containerRun) (exitCode int, err error) {
	defer func() {
		if gone := e.remove(ctx, r.id); gone != nil && err == nil {
			err = gone
		}
	}()
	att, err := e.api.ContainerAttach(ctx, r.id, client.ContainerAttachOptions{Stream: true, Stdin: len(r.stdin) > 0 || r.feed != nil, Stdout: true, Stderr: true})
	if err != nil {
		return 0, gone(err)
	}
	defer att.Close()
	waitCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	// The wait comes before the start: a short process must not end unseen.
	wait := e.api.ContainerWait(waitCtx, r.id, client.ContainerWaitOptions{Condition: container.WaitConditionNextExit})
	if _, err := e.api.ContainerStart(ctx, r.id, client.ContainerStartOptions{}); err != nil {
		return 0, startFault(err)
	}
	var copied <-chan error
	if r.sizes != nil {
		copied = e.pumpTerminal(waitCtx, r, att.Reader)
	} else {
		copied = pump(&att.HijackedResponse, r.stdin, r.stdout, r.stderr)
	}
	if r.feed != nil {
		go func() {
			// The exit code tells what came of a pipe that breaks.
			_, _ = io.Copy(att.Conn, r.feed)
			_ = att.CloseWrite()
		}()
	}
	code, err := e.awaitExit(ctx, r, wait)
	drain(&att.HijackedResponse, copied)
	return code, err
}

// awaitExit waits for the end. A cancelled run is stopped first.
func (e *Engine) awaitExit(ctx context.Context, r containerRun, wait client.ContainerWaitResult) (int, error) {
	select {
	case res := <-wait.Result:
		if res.Error != nil {
			return 0, errors.New(res.Error.Message)
		}
		// An Engine that shuts down kills its containers before it goes.
		if res.StatusCode > 128 {
			if err := e.answers(ctx); err != nil {
				return 0, err
			}
		}
		return int(res.StatusCode), nil
	case err := <-wait.Error:
		if ctx.Err() == nil {
			return 0, e.lost(ctx, fmt.Errorf("wait for the container's end: %w", err))
		}
	case <-ctx.Done():
	}
	stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.stopTimeout+removeTimeout)
	defer cancel()
	// The removal that follows kills what does not stop.
	_, _ = e.api.ContainerStop(stopCtx, r.id, client.ContainerStopOptions{Timeout: seconds(r.stopTimeout)})
	return 0, ctx.Err()
}

// pump feeds stdin and closes it, and copies both output streams until they
// end.
func pump(att *client.HijackedResponse, stdin []byte, stdout, stderr io.Writer) <-chan error {
	if len(stdin) > 0 {
		go func() {
			// A process that ends without reading breaks the pipe: its
			// exit code tells.
			_, _ = io.Copy(att.Conn, bytes.NewReader(stdin))
			_ = att.CloseWrite()
		}()
	}
	copied := make(chan error, 1)
	go func() {
		_, err := stdcopy.StdCopy(stdout, stderr, att.Reader)
		copied <- err
	}()
	return copied
}

// drain waits for the last output. Nothing is written once it returns.
func drain(att *client.HijackedResponse, copied <-chan error) {
	select {
	case <-copied:
	case <-time.After(drainTimeout): // something else holds the pipe open
		att.Close()
		<-copied
	}
}

// remove removes a container and its anonymous volumes under a context that
// is not cancelled.
func (e *Engine) remove(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeTimeout)
	defer cancel()
	_, err := e.api.ContainerRemove(ctx, id, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
	if err == nil || errdefs.IsNotFound(err) || errdefs.IsConflict(err) { // conflict: a removal is under way
		return nil
	}
	return gone(fmt.Errorf("remove container: %w", err))
}

// clearLeftover removes the container of that name which a run before left
// behind. One that still works is waited for: its work may not be doubled.
func (e *Engine) clearLeftover(ctx context.Context, name string, waiting func()) error {
	res, err := e.api.ContainerInspect(ctx, name, client.ContainerInspectOptions{})
	if errdefs.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return gone(err)
	}
	if c := res.Container; c.State != nil && c.State.Running {
		waiting()
		wait := e.api.ContainerWait(ctx, c.ID, client.ContainerWaitOptions{Condition: container.WaitConditionNotRunning})
		select {
		case <-wait.Result:
		case err := <-wait.Error:
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if !errdefs.IsNotFound(err) {
				return e.lost(ctx, fmt.Errorf("wait for container %s of a run before: %w", name, err))
			}
		}
	}
	return e.remove(ctx, res.Container.ID)
}

// answers asks whether the Engine is there.
func (e *Engine) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), pingTimeout)
	defer cancel()
	if _, err := e.api.Ping(ctx, client.PingOptions{}); err != nil {
		return wentAway(err)
	}
	return nil
}

// Away tells why nobody can work with the Engine now, nil when it is there.
func (e *Engine) Away(ctx context.Context) error {
	if err := e.leaving(ctx); err != nil {
		return err
	}
	return e.answers(ctx)
}

// lost is gone for streams, which end in many ways when the Engine goes: in
// doubt the Engine is asked. One that is about to go may still answer.
func (e *Engine) lost(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil {
		return err
	}
	if away := e.answers(ctx); away != nil {
		return away
	}
	return gone(err)
}

// seconds gives a time-out as the Engine takes it.
func seconds(d time.Duration) *int {
	n := int(d.Round(time.Second) / time.Second)
	return &n
}
