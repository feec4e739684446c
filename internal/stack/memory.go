package stack

import (
	"context"
	"encoding/json"
	"sync/atomic"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"golang.org/x/sync/errgroup"
)

// MemoryUsed adds up what the running containers of the project hold in
// memory, in bytes, without files that can be read again.
func (s *Stack) MemoryUsed(ctx context.Context) (int64, error) {
	list, err := s.containers(ctx)
	if err != nil {
		return 0, err
	}
	var sum atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(inspectWidth)
	for _, c := range list {
		if c.State != container.StateRunning {
			continue
		}
		group.Go(func() error {
			n, err := s.engine.memoryUsed(ctx, c.ID)
			sum.Add(n)
			return err
		})
	}
	err = group.Wait()
	return sum.Load(), err
}

func (e *Engine) memoryUsed(ctx context.Context, id string) (int64, error) {
	res, err := e.api.ContainerStats(ctx, id, client.ContainerStatsOptions{})
	if errdefs.IsNotFound(err) {
		return 0, nil // it has ended
	}
	if err != nil {
		return 0, gone(err)
	}
	defer res.Body.Close()
	var told container.StatsResponse
	if err := json.NewDecoder(res.Body).Decode(&told); err != nil {
		return 0, e.lost(ctx, err)
	}
	m := told.MemoryStats
	cache := max(m.Stats["total_inactive_file"], m.Stats["inactive_file"]) // cgroup 1, cgroup 2
	return int64(m.Usage - min(cache, m.Usage)), nil
}
