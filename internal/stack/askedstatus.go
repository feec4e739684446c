package stack

import (
	"context"

	"github.com/moby/moby/api/types/container"
	"golang.org/x/sync/errgroup"

	"github.com/sentryctl/sentryctl/internal/workload"
)

// AskedStatus is Status as of now: where the Engine does not call a running
// container healthy, the container's own health command is run. The Engine
// asks only every 30 s and more, and "starting" may be long out of date.
func (s *Stack) AskedStatus(ctx context.Context) ([]workload.Status, error) {
	list, err := s.Status(ctx)
	if err != nil {
		return nil, err
	}
	found, err := s.observe(ctx, func(string) bool { return true })
	if err != nil {
		return nil, err
	}
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(inspectWidth)
	for i, status := range list {
		for _, b := range found[status.Service] {
			if b.name != status.Container || !b.running() || b.health == "" || b.health == container.Healthy {
				continue
			}
			group.Go(func() error {
				ok, _, err := s.engine.probe(groupCtx, b, healthCommand(b.check, b.shell))
				if ok {
					list[i].Health = string(container.Healthy)
				}
				return err
			})
		}
	}
	return list, group.Wait()
}
