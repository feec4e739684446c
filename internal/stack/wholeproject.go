package stack

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/containerd/errdefs"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"golang.org/x/sync/errgroup"
)

// Halt stops every container that has this project's name, also those of
// services that the files know no more. The front door comes first: what relay has
// taken it hands over to Kafka before it ends.
func (s *Stack) Halt(ctx context.Context) error {
	list, err := s.containers(ctx)
	if err != nil {
		return err
	}
	var first, others []container.Summary
	for _, c := range list {
		if slices.Contains(door(), c.Labels[api.ServiceLabel]) {
			first = append(first, c)
		} else {
			others = append(others, c)
		}
	}
	if err := s.stopAll(ctx, first); err != nil {
		return err
	}
	return s.stopAll(ctx, others)
}

// EndOneOffs stops and removes what a run that was killed has left running: it
// would go on with the data beside the service that is started on it.
func (s *Stack) EndOneOffs(ctx context.Context) error {
	list, err := s.engine.containersOf(ctx, s.project.Name(), api.OneoffLabel+"=True")
	if err == nil {
		err = s.stopAll(ctx, list)
	}
	for _, c := range list {
		if err == nil {
			err = s.engine.remove(ctx, c.ID)
		}
	}
	return err
}

func (s *Stack) stopAll(ctx context.Context, list []container.Summary) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(stopWidth)
	for _, c := range list {
		group.Go(func() error {
			_, err := s.api.ContainerStop(ctx, c.ID, client.ContainerStopOptions{Timeout: seconds(s.StopTimeout)})
			if err != nil && !errdefs.IsNotFound(err) {
				return gone(fmt.Errorf("stop %s: %w", containerName(c.Names), err))
			}
			return nil
		})
	}
	return group.Wait()
}

// RemoveOrphans removes the containers of services that this release does not
// have, stopped or not, and names those services.
func (s *Stack) RemoveOrphans(ctx context.Context) ([]string, error) {
	list, err := s.containers(ctx)
	if err != nil {
		return nil, err
	}
	gone := map[string]bool{}
	for _, c := range list {
		service := c.Labels[api.ServiceLabel]
		if _, known := s.project.full.AllServices()[service]; known {
			continue
		}
		if err := s.engine.remove(ctx, c.ID); err != nil {
			return nil, err
		}
		gone[service] = true
	}
	return sortedKeys(gone), nil
}

// Logs gives the last lines that a service's containers have written.
func (s *Stack) Logs(ctx context.Context, service string, lines int) ([]byte, error) {
	found, err := s.observe(ctx, func(name string) bool { return name == service })
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for _, b := range found[service] {
		stream, err := s.api.ContainerLogs(ctx, b.id, client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true, Timestamps: true, Tail: strconv.Itoa(lines)})
		if err != nil {
			return nil, fmt.Errorf("read the log of %s: %w", service, err)
		}
		_, err = stdcopy.StdCopy(&out, &out, stream)
		stream.Close()
		if err != nil {
			return nil, fmt.Errorf("read the log of %s: %w", service, err)
		}
	}
	return out.Bytes(), nil
}
