package stack

import (
	"context"
	"fmt"
	"io"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/moby/moby/client"

	"github.com/sentryctl/sentryctl/internal/workload"
)

// Pipe is RunOneOff with streams in place of kept output. OneOff's Stdin is
// not used. A stream that cannot be written to stops the container, and its
// error is returned.
func (s *Stack) Pipe(ctx context.Context, o workload.OneOff, c workload.Streams) (exitCode int, err error) {
	code, err := s.pipe(ctx, o, c)
	if err != nil {
		return 0, fmt.Errorf("run %s in a container of %s: %w", o.Name, o.Service, err)
	}
	return code, nil
}

// ClearLeftover waits for the end of a container that a run before left under
// a one-off's name, and removes it.
func (s *Stack) ClearLeftover(ctx context.Context, name string) error {
	name = s.containerName(name)
	return s.engine.clearLeftover(ctx, name, s.waitingFor(name))
}

func (s *Stack) pipe(ctx context.Context, o workload.OneOff, c workload.Streams) (int, error) {
	name := s.containerName(o.Name)
	p, err := oneOffProject(s.model(), o, name)
	if err != nil {
		return 0, err
	}
	service := p.Services[name]
	service.StdinOpen, service.Tty = c.In != nil, c.Sizes != nil
	// Whatever passes through is not to lie in the Engine's log too.
	service.Logging = &types.LoggingConfig{Driver: "none"}
	p.Services[name] = service
	if err := s.engine.clearLeftover(ctx, name, s.waitingFor(name)); err != nil {
		return 0, err
	}
	if !o.NoDeps {
		if err := s.startDependencies(ctx, o.Service); err != nil {
			return 0, err
		}
	}
	id, err := s.engine.createOneOff(ctx, p)
	if err != nil {
		return 0, err
	}
	running, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	code, err := s.engine.runToEnd(running, containerRun{
		id: id, feed: c.In, stdout: stopOnFailure(c.Out, stop), stderr: stopOnFailure(c.Err, stop), sizes: c.Sizes, stopTimeout: s.StopTimeout,
	})
	if broken := context.Cause(running); broken != nil && ctx.Err() == nil {
		return 0, broken
	}
	return code, err
}

// stopOnFailure swallows what can no longer be written, so that the container
// can end, and tells stop why.
func stopOnFailure(w io.Writer, stop context.CancelCauseFunc) writerFunc {
	broken := false
	return func(p []byte) (int, error) {
		if broken {
			return len(p), nil
		}
		if _, err := w.Write(p); err != nil {
			broken = true
			stop(err)
		}
		return len(p), nil
	}
}

// pumpTerminal copies what a container with a terminal says, one stream, and
// hands it the terminal's size whenever that changes.
func (e *Engine) pumpTerminal(ctx context.Context, r containerRun, from io.Reader) <-chan error {
	go func() {
		for {
			select {
			case size := <-r.sizes:
				// A wrong size looks odd and harms nothing.
				_, _ = e.api.ContainerResize(ctx, r.id, client.ContainerResizeOptions{Width: uint(size.Width), Height: uint(size.Height)})
			case <-ctx.Done():
				return
			}
		}
	}()
	copied := make(chan error, 1)
	go func() {
		_, err := io.Copy(r.stdout, from)
		copied <- err
	}()
	return copied
}
