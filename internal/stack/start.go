package stack

import (
	"context"
	"fmt"
	"maps"
	"runtime"
	"slices"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/moby/moby/client"
	"golang.org/x/sync/errgroup"

	"github.com/sentryctl/sentryctl/internal/fault"
)

// Start brings the named services and all that they depend on to run the
// present configuration, and returns when each is ready by its own health
// command. No names mean all services. What runs as it should is left alone;
// a container that mounts a file of the site that changed since its start is
// restarted.
func (s *Stack) Start(ctx context.Context, services ...string) error {
	keep, err := closure(s.model(), services)
	if err != nil {
		return err
	}
	p := only(s.model(), keep)
	parts, err := s.doorLast(ctx, p)
	if err != nil {
		return err
	}
	done := &counter{unit: "services", total: len(p.Services), sink: s.sink}
	up := map[string]bool{}
	for i, part := range parts {
		before := maps.Clone(up)
		for _, name := range part {
			up[name] = true
		}
		p := only(p, up)
		if err := s.create(ctx, p, before); err != nil {
			return fmt.Errorf("create containers: %w", err)
		}
		l, err := s.newLaunch(ctx, p)
		if err != nil {
			return err
		}
		l.before, l.doorFollows, l.done = before, i < len(parts)-1, done
		if err := l.up(ctx); err != nil {
			return err
		}
	}
	return nil
}

// up starts what does not run.
func (l *launch) up(ctx context.Context) error {
	if err := l.run(ctx, l.start); err != nil {
		return err
	}
	return l.reloadProxy(ctx)
}

// WaitReady waits until the named services, which run already, are ready. No
// names mean all services.
func (s *Stack) WaitReady(ctx context.Context, services ...string) error {
	keep, err := exactly(s.model(), services)
	if err != nil {
		return err
	}
	l, err := s.newLaunch(ctx, only(s.model(), keep))
	if err != nil {
		return err
	}
	return l.run(ctx, func(context.Context, *node) error { return nil })
}

// create has Compose make what is missing and replace what is outdated:
// networks, volumes, containers. It starts nothing new, and leaves the containers
// of services that were created before alone.
func (s *Stack) create(ctx context.Context, p *types.Project, before map[string]bool) error {
	composer, err := s.engine.composer()
	if err != nil {
		return err
	}
	services := slices.DeleteFunc(p.ServiceNames(), func(name string) bool { return before[name] })
	err = composer.Create(ctx, p, api.CreateOptions{
		Services: services, IgnoreOrphans: true, Inherit: true, Timeout: &s.StopTimeout,
		Recreate: api.RecreateDiverged, RecreateDependencies: api.RecreateNever,
	})
	if err != nil {
		return startFault(err)
	}
	return s.giveNames(ctx)
}

// node is one service on its way up.
type node struct {
	name      string
	service   types.ServiceConfig
	boxes     []box           // as they were found
	started   map[string]bool // the boxes, by ID, that this launch has started
	needs     []dependency
	urgency   int           // how many services wait for it
	running   chan struct{} // closed when its containers have been started
	ready     chan struct{} // closed when they are ready
	completed chan struct{} // closed when they have ended with code 0
	awaitEnd  bool          // somebody waits for its end
}

// launch is one start of some services.
type launch struct {
	stack  *Stack
	nodes  map[string]*node
	work   *gate           // starts and health commands
	before map[string]bool // services that were started, and counted, before
	// doorFollows says that nginx is replaced right after this launch.
	doorFollows bool
	done        *counter
}

func (s *Stack) newLaunch(ctx context.Context, p *types.Project) (*launch, error) {
	deps := dependencies(p)
	urgency, err := dependants(deps)
	if err != nil {
		return nil, err
	}
	found, err := s.observe(ctx, func(name string) bool { _, ok := p.Services[name]; return ok })
	if err != nil {
		return nil, err
	}
	l := &launch{
		stack: s, nodes: map[string]*node{}, work: newGate(workWidth()),
		done: &counter{unit: "services", total: len(p.Services), sink: s.sink},
	}
	for name, service := range p.Services {
		if len(found[name]) == 0 && service.GetScale() > 0 {
			return nil, fault.New(fault.Resumable, "Run the same command again", "service %s has no container", name)
		}
		l.nodes[name] = &node{
			name: name, service: service, boxes: found[name], started: map[string]bool{}, needs: deps[name], urgency: urgency[name],
			running: make(chan struct{}), ready: make(chan struct{}), completed: make(chan struct{}),
		}
	}
	for _, n := range l.nodes {
		for _, d := range n.needs {
			if d.condition == types.ServiceConditionCompletedSuccessfully {
				l.nodes[d.service].awaitEnd = true
			}
		}
	}
	return l, nil
}

// workWidth bounds how many starts and health commands the Engine is given at
// once: each keeps a CPU busy for a good part of its time.
func workWidth() int { return max(4, runtime.NumCPU()) }

// Health commands that somebody waits for come first, then starts, and last
// the health commands that nothing hangs on.
const (
	startFirst   = 1
	awaitedFirst = 1 << 16
)

// run takes every service up, each as soon as what it needs is there. The
// first failure ends all.
func (l *launch) run(ctx context.Context, start func(context.Context, *node) error) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, n := range l.nodes {
		group.Go(func() error {
			if err := l.needed(ctx, n); err != nil {
				return err
			}
			if err := start(ctx, n); err != nil {
				return fmt.Errorf("start %s: %w", n.name, err)
			}
			close(n.running)
			if err := l.finish(ctx, n); err != nil {
				return err
			}
			if !l.before[n.name] {
				l.done.add(n.name)
			}
			return nil
		})
	}
	return group.Wait()
}

// needed waits for what the service depends on.
func (l *launch) needed(ctx context.Context, n *node) error {
	for _, d := range n.needs {
		reached := l.nodes[d.service].running
		switch d.condition {
		case types.ServiceConditionHealthy:
			reached = l.nodes[d.service].ready
		case types.ServiceConditionCompletedSuccessfully:
			reached = l.nodes[d.service].completed
		}
		select {
		case <-reached:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// start starts the service's containers that do not run, and restarts those
// whose mounted files have changed.
func (l *launch) start(ctx context.Context, n *node) error {
	for i, b := range n.boxes {
		if b.running() && !changedSince(l.stack.project.dir, n.service, b.started) && !l.overtaken(n, b) {
			continue
		}
		if n.awaitEnd && b.completed() && b.exitCode == 0 {
			continue
		}
		if err := l.work.enter(ctx, startFirst+n.urgency); err != nil {
			return err
		}
		err := l.startOne(ctx, n, b)
		l.work.leave()
		if err != nil {
			return err
		}
		n.boxes[i].restarts = 0 // a start by hand counts anew
		n.started[b.id] = true
	}
	return nil
}

func (l *launch) startOne(ctx context.Context, n *node, b box) error {
	if b.running() {
		_, err := l.stack.api.ContainerRestart(ctx, b.id, client.ContainerRestartOptions{Timeout: seconds(l.stack.stopTimeout(n.service))})
		return startFault(err)
	}
	if needsCompose(n.service) {
		return l.stack.composeStart(ctx, n.service)
	}
	_, err := l.stack.api.ContainerStart(ctx, b.id, client.ContainerStartOptions{})
	return startFault(err)
}

// finish waits until the containers of a started service are ready, and until
// they have ended if that is what somebody waits for.
func (l *launch) finish(ctx context.Context, n *node) error {
	for _, b := range n.boxes {
		w := &watch{stack: l.stack, box: b, urgency: n.urgency, work: l.work, fresh: n.started[b.id]}
		wait := w.ready
		if n.awaitEnd {
			wait = w.ended
		}
		if err := wait(ctx); err != nil {
			return err
		}
	}
	close(n.ready)
	if n.awaitEnd {
		close(n.completed)
	}
	return nil
}
