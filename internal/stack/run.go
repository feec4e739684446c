package stack

import (
	"context"
	"fmt"

	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// RunOneOff runs a command in a container made as Compose would make the
// service's, waits for its end and removes the container. What the service
// depends on is started, and ready, first. A container that a crashed run left
// is waited for if it still works, and then removed.
func (s *Stack) RunOneOff(ctx context.Context, o workload.OneOff) (workload.Result, error) {
	res, err := s.runOneOff(ctx, o)
	if err != nil {
		return workload.Result{}, fmt.Errorf("run %s in a container of %s: %w", o.Name, o.Service, err)
	}
	return res, nil
}

func (s *Stack) runOneOff(ctx context.Context, o workload.OneOff) (workload.Result, error) {
	name := s.containerName(o.Name)
	p, err := oneOffProject(s.model(), o, name)
	if err != nil {
		return workload.Result{}, err
	}
	if err := s.engine.clearLeftover(ctx, name, s.waitingFor(name)); err != nil {
		return workload.Result{}, err
	}
	if !o.NoDeps {
		if err := s.startDependencies(ctx, o.Service); err != nil {
			return workload.Result{}, err
		}
	}
	id, err := s.engine.createOneOff(ctx, p)
	if err != nil {
		return workload.Result{}, err
	}
	out := newCapture(o.Service, o.Quiet, s.sink)
	code, err := s.engine.runToEnd(ctx, containerRun{
		id: id, stdin: o.Stdin, stdout: out.stdoutWriter(), stderr: out.stderrWriter(), stopTimeout: s.StopTimeout,
	})
	out.flush()
	if err != nil {
		return workload.Result{}, err
	}
	return workload.Result{Stdout: out.stdout.Bytes(), Stderr: out.stderr.Bytes(), ExitCode: code}, nil
}

func (s *Stack) startDependencies(ctx context.Context, service string) error {
	var deps []string
	for dep, d := range s.model().Services[service].DependsOn {
		if _, ok := s.model().Services[dep]; ok || d.Required {
			deps = append(deps, dep)
		}
	}
	if len(deps) == 0 {
		return nil
	}
	return s.Start(ctx, deps...)
}

// containerName is the stable name of a container that we make ourselves.
func (s *Stack) containerName(name string) string {
	return s.project.Name() + "-sentryctl-" + name
}

func (s *Stack) waitingFor(name string) func() {
	return func() {
		s.sink.Emit(event.Notice{Level: "info", Text: "container " + name + " of a run before still works; waiting for its end"})
	}
}
