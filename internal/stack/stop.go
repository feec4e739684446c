package stack

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/containerd/errdefs"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/moby/moby/client"
	"golang.org/x/sync/errgroup"

	"github.com/sentryctl/sentryctl/internal/event"
)

// stopWidth bounds how many containers are stopped at once; they mostly wait.
const stopWidth = 16

// Stop stops the named services, each after those of them that depend on it.
// No names mean all services.
func (s *Stack) Stop(ctx context.Context, services ...string) error {
	keep, err := exactly(s.model(), services)
	if err != nil {
		return err
	}
	p := only(s.model(), keep)
	found, err := s.observe(ctx, func(name string) bool { return keep[name] })
	if err != nil {
		return err
	}
	waits, err := reversed(dependencies(p))
	if err != nil {
		return err
	}
	stopped := map[string]chan struct{}{}
	for name := range waits {
		stopped[name] = make(chan struct{})
	}
	places := newGate(stopWidth)
	group, ctx := errgroup.WithContext(ctx)
	for name, users := range waits {
		group.Go(func() error {
			for _, user := range users {
				select {
				case <-stopped[user]:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			defer close(stopped[name])
			return s.stopService(ctx, p.Services[name], found[name], places)
		})
	}
	return group.Wait()
}

func (s *Stack) stopService(ctx context.Context, service types.ServiceConfig, boxes []box, places *gate) error {
	for _, b := range boxes {
		if err := places.enter(ctx, 0); err != nil {
			return err
		}
		_, err := s.api.ContainerStop(ctx, b.id, client.ContainerStopOptions{Timeout: seconds(s.stopTimeout(service))})
		places.leave()
		if err != nil && !errdefs.IsNotFound(err) {
			return gone(fmt.Errorf("stop %s: %w", service.Name, err))
		}
	}
	s.sink.Emit(event.Log{Source: service.Name, Text: "stopped"})
	return nil
}

// stopTimeout gives a service the time it asks for, and ours at least.
func (s *Stack) stopTimeout(service types.ServiceConfig) time.Duration {
	if service.StopGracePeriod != nil {
		return max(s.StopTimeout, time.Duration(*service.StopGracePeriod))
	}
	return s.StopTimeout
}

// reversed gives for each service those that depend on it. A circle is an
// error.
func reversed(deps map[string][]dependency) (map[string][]string, error) {
	if _, err := dependants(deps); err != nil {
		return nil, err
	}
	users := map[string][]string{}
	for _, name := range sortedKeys(deps) {
		if _, ok := users[name]; !ok {
			users[name] = nil
		}
		for _, d := range deps[name] {
			users[d.service] = append(users[d.service], name)
		}
	}
	return users, nil
}

// exactly gives the named services as a set, all of them for no names.
func exactly(p *types.Project, names []string) (map[string]bool, error) {
	if len(names) == 0 {
		names = p.ServiceNames()
	}
	set := map[string]bool{}
	for _, name := range names {
		if _, ok := p.Services[name]; !ok {
			return nil, unknownService(p, name)
		}
		set[name] = true
	}
	return set, nil
}

// DownOptions says what goes besides the project's containers and networks.
// Volumes never go.
type DownOptions struct {
	RemoveOrphans bool
}

// Down stops and removes the project's containers and networks.
func (s *Stack) Down(ctx context.Context, o DownOptions) error {
	return s.withoutUsers(ctx, func() error { return s.composeDown(ctx, o) })
}

// withoutUsers removes networks that nobody uses any more. Engines lose count of
// a network's users when many end at once, and some never find back until they
// are restarted. The network is empty, and a next start takes it as it is.
func (s *Stack) withoutUsers(ctx context.Context, remove func() error) error {
	err := remove()
	if !endpointsLeft(err) {
		return err
	}
	if err := sleep(ctx, time.Second); err != nil {
		return err
	}
	if err := remove(); !endpointsLeft(err) {
		return err
	}
	s.sink.Emit(event.Notice{Level: "warn", Text: "the Engine keeps a network of " + s.project.Name() + " that nobody uses any more",
		Hint: "Restart the Engine when it suits, then: docker network prune"})
	return nil
}

func (s *Stack) composeDown(ctx context.Context, o DownOptions) error {
	composer, err := s.engine.composer()
	if err != nil {
		return err
	}
	err = composer.Down(ctx, s.project.Name(), api.DownOptions{
		Project: s.model().WithServicesDisabled(), RemoveOrphans: o.RemoveOrphans, Timeout: &s.StopTimeout,
	})
	if err != nil {
		return gone(fmt.Errorf("remove containers: %w", err))
	}
	return nil
}

func endpointsLeft(err error) bool {
	return err != nil && strings.Contains(err.Error(), "has active endpoints")
}
