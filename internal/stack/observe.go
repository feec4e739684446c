package stack

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"golang.org/x/sync/errgroup"

	"github.com/sentryctl/sentryctl/internal/workload"
)

// inspectWidth bounds how many containers are looked at at once.
const inspectWidth = 8

// box is one container of a service as the Engine tells it.
type box struct {
	id, name  string
	service   string
	labels    map[string]string
	imageID   string
	state     container.ContainerState
	health    container.HealthStatus // "" without a health check
	healthLog string                 // what the last check of the Engine said
	check     *container.HealthConfig
	shell     []string
	restart   container.RestartPolicyMode
	restarts  int
	exitCode  int
	started   time.Time
}

func (b box) running() bool { return b.state == container.StateRunning }

// completed tells that the container has done its work and is not to be
// started again by the Engine.
func (b box) completed() bool {
	return b.state == container.StateExited && (b.exitCode == 0 && !b.restartsAlways() || b.errand())
}

// errand tells of a container that nobody watches and the Engine never starts
// again: how it ends is its own affair, as it is for docker compose up. Up to
// 24.12.1 upstream's geoipupdate is one, and ends with code 1 on every site
// without a MaxMind account.
func (b box) errand() bool {
	unwatched := b.check == nil || len(b.check.Test) == 0 || b.check.Test[0] == "NONE"
	return unwatched && (b.restart == "" || b.restart == container.RestartPolicyDisabled)
}

func (b box) restartsAlways() bool {
	return b.restart == container.RestartPolicyAlways || b.restart == container.RestartPolicyUnlessStopped
}

// containers lists the project's containers, without one-off ones.
func (s *Stack) containers(ctx context.Context) ([]container.Summary, error) {
	return s.engine.containersOf(ctx, s.project.Name(), api.OneoffLabel+"=False")
}

// observe looks at the containers of the services that keep names, by
// service; those of a service are in the order of their numbers.
func (s *Stack) observe(ctx context.Context, keep func(service string) bool) (map[string][]box, error) {
	list, err := s.containers(ctx)
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(c container.Summary) bool { return !keep(c.Labels[api.ServiceLabel]) })
	found := make([]*box, len(list))
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(inspectWidth)
	for i, c := range list {
		group.Go(func() error {
			b, err := s.engine.look(groupCtx, c.ID)
			if errdefs.IsNotFound(err) {
				return nil // removed in between
			}
			found[i] = &b
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(a, b *box) int { return cmp.Compare(nameOf(a), nameOf(b)) })
	byService := map[string][]box{}
	for _, b := range found {
		if b != nil {
			byService[b.service] = append(byService[b.service], *b)
		}
	}
	return byService, nil
}

func nameOf(b *box) string {
	if b == nil {
		return ""
	}
	return b.name
}

// look inspects one container.
func (e *Engine) look(ctx context.Context, id string) (box, error) {
	res, err := e.api.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
	if err != nil {
		return box{}, gone(err)
	}
	c := res.Container
	b := box{id: c.ID, name: containerName([]string{c.Name}), imageID: c.Image, restarts: c.RestartCount}
	if c.Config != nil {
		b.labels, b.service = c.Config.Labels, c.Config.Labels[api.ServiceLabel]
		b.check, b.shell = c.Config.Healthcheck, c.Config.Shell
	}
	if c.HostConfig != nil {
		b.restart = c.HostConfig.RestartPolicy.Name
	}
	if st := c.State; st != nil {
		b.state, b.exitCode = st.Status, st.ExitCode
		b.started, _ = time.Parse(time.RFC3339Nano, st.StartedAt) // zero when never started
		if st.Health != nil && st.Health.Status != container.NoHealthcheck {
			b.health = st.Health.Status
			if n := len(st.Health.Log); n > 0 && st.Health.Log[n-1] != nil {
				b.healthLog = st.Health.Log[n-1].Output
			}
		}
	}
	return b, nil
}

// Status tells the state of every enabled service, sorted by name. A service
// without a container is "absent".
func (s *Stack) Status(ctx context.Context) ([]workload.Status, error) {
	names := s.model().ServiceNames()
	found, err := s.observe(ctx, func(string) bool { return true })
	if err != nil {
		return nil, err
	}
	var list []workload.Status
	for _, name := range names {
		if len(found[name]) == 0 {
			list = append(list, workload.Status{Service: name, State: "absent"})
		}
		for _, b := range found[name] {
			list = append(list, workload.Status{
				Service: name, Container: b.name, State: string(b.state), Health: string(b.health),
				Restarts: b.restarts, ExitCode: b.exitCode, Completed: b.completed(),
			})
		}
	}
	return list, nil
}
