package stack

import (
	"context"
	"fmt"

	"github.com/containerd/errdefs"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"golang.org/x/sync/errgroup"
)

// Pause freezes the running containers of services, one service after the
// other in the order given: each process stands still between two of its
// instructions, with all that it wrote visible in its files. What does not
// run, or is frozen already, is passed over.
func (s *Stack) Pause(ctx context.Context, services ...string) error {
	byService, err := s.inState(ctx, container.StateRunning)
	if err != nil {
		return err
	}
	for _, name := range services {
		for _, id := range byService[name] {
			if _, err := s.api.ContainerPause(ctx, id, client.ContainerPauseOptions{}); err != nil && !settled(err) {
				return gone(fmt.Errorf("pause %s: %w", name, err))
			}
		}
	}
	return nil
}

// Unpause lets frozen containers of services go on, all at once as soon as
// the ones before in the order have been told.
func (s *Stack) Unpause(ctx context.Context, services ...string) error {
	byService, err := s.inState(ctx, container.StatePaused)
	if err != nil {
		return err
	}
	var group errgroup.Group
	group.SetLimit(4)
	for _, name := range services {
		for _, id := range byService[name] {
			group.Go(func() error {
				if _, err := s.api.ContainerUnpause(ctx, id, client.ContainerUnpauseOptions{}); err != nil && !settled(err) {
					return gone(fmt.Errorf("let %s go on: %w", name, err))
				}
				return nil
			})
		}
	}
	return group.Wait()
}

// settled tells that a container is gone, or is as it should be already.
func settled(err error) bool { return errdefs.IsNotFound(err) || errdefs.IsConflict(err) }

// inState gives the IDs of the project's containers in a state, by service.
func (s *Stack) inState(ctx context.Context, state container.ContainerState) (map[string][]string, error) {
	list, err := s.containers(ctx)
	if err != nil {
		return nil, err
	}
	found := map[string][]string{}
	for _, c := range list {
		if c.State == state {
			name := c.Labels[api.ServiceLabel]
			found[name] = append(found[name], c.ID)
		}
	}
	return found, nil
}
