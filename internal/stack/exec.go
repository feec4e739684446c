package stack

import (
	"context"
	"io"
	"time"

	"github.com/moby/moby/client"

	"github.com/sentryctl/sentryctl/internal/workload"
)

// Exec is Services.Exec, and tells what the command says.
func (s *Stack) Exec(ctx context.Context, service string, x workload.Exec) (workload.Result, error) {
	return Services{s.engine, s.project.Name(), s.sink}.Exec(ctx, service, x)
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
