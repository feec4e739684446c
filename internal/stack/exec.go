package stack

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/docker/compose/v5/pkg/api"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// Exec runs a command in the running container of a service. It is not ended
// with ctx: the Engine has no way to.
func (s *Stack) Exec(ctx context.Context, service string, x workload.Exec) (workload.Result, error) {
	id, err := s.runningContainer(ctx, service)
	if err != nil {
		return workload.Result{}, err
	}
	out := newCapture(service, x.Quiet, s.sink)
	code, err := s.engine.exec(ctx, execRun{
		container: id, command: x.Command, user: x.User, env: x.Env,
		stdin: x.Stdin, stdout: out.stdoutWriter(), stderr: out.stderrWriter(),
	})
	out.flush()
	if err != nil {
		return workload.Result{}, fmt.Errorf("run a command in %s: %w", service, err)
	}
	return workload.Result{Stdout: out.stdout.Bytes(), Stderr: out.stderr.Bytes(), ExitCode: code}, nil
}

func (s *Stack) runningContainer(ctx context.Context, service string) (string, error) {
	list, err := s.containers(ctx)
	if err != nil {
		return "", err
	}
	for _, c := range list {
		if c.Labels[api.ServiceLabel] == service && c.State == container.StateRunning {
			return c.ID, nil
		}
	}
	return "", fault.New(fault.Resumable, "Start it: docker compose -p "+s.project.Name()+" start "+service,
		"service %s is not running", service)
}

// execRun is one command in a running container.
type execRun struct {
	container      string
	command        []string
	user           string
	env            []string
	stdin          []byte
	stdout, stderr io.Writer
}

// exec runs the command and returns its exit code.
func (e *Engine) exec(ctx context.Context, x execRun) (int, error) {
	made, err := e.api.ExecCreate(ctx, x.container, client.ExecCreateOptions{
		User: x.user, Env: x.env, Cmd: x.command, AttachStdin: len(x.stdin) > 0, AttachStdout: true, AttachStderr: true,
	})
	if err != nil {
		return 0, gone(err)
	}
	att, err := e.api.ExecAttach(ctx, made.ID, client.ExecAttachOptions{})
	if err != nil {
		return 0, gone(err)
	}
	defer att.Close()
	copied := pump(&att.HijackedResponse, x.stdin, x.stdout, x.stderr)
	select {
	case err := <-copied:
		if err != nil {
			return 0, e.lost(ctx, err)
		}
	case <-ctx.Done():
		// Nothing may be written once the caller has the buffers back.
		att.Close()
		<-copied
		return 0, ctx.Err()
	}
	return e.execExit(ctx, made.ID)
}

// execExit asks for the exit code, which the Engine knows a moment after the
// output has ended.
func (e *Engine) execExit(ctx context.Context, id string) (int, error) {
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		res, err := e.api.ExecInspect(ctx, id, client.ExecInspectOptions{})
		if err != nil {
			return 0, gone(err)
		}
		if !res.Running {
			return res.ExitCode, nil
		}
		if err := sleep(ctx, pause); err != nil {
			return 0, err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
