package stack

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"golang.org/x/sync/errgroup"

	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
)

// freezeTries is how often a container is frozen, or let go on, before the
// Engine is given up.
const freezeTries = 4

// errLate says that the Engine did not answer within FreezeTimeout.
var errLate = errors.New("the Engine does not answer")

// Pause freezes the running containers of services, one service after the
// other in the order given: each process stands still between two of its
// instructions, with all that it wrote visible in its files. What does not
// run, or is frozen already, is passed over.
func (s *Stack) Pause(ctx context.Context, services ...string) error {
	// What lets go on what the Engine cannot has to be there before.
	if _, err := s.engine.EnsureHelper(ctx); err != nil {
		return err
	}
	byService, err := s.inState(ctx, container.StateRunning)
	if err != nil {
		return err
	}
	for _, name := range services {
		for _, id := range byService[name] {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err := s.freezeOne(ctx, name, id); err != nil {
				return gone(fmt.Errorf("pause %s: %w", name, err))
			}
		}
	}
	return nil
}

// Unpause lets frozen containers of services go on, all at once as soon as
// the ones before in the order have been told. Those that the Engine does not
// call frozen are looked at too: a freeze may have been under way.
func (s *Stack) Unpause(ctx context.Context, services ...string) error {
	for _, state := range []container.ContainerState{container.StatePaused, container.StateRunning} {
		byService, err := s.inState(ctx, state)
		if err != nil {
			return err
		}
		var group errgroup.Group
		group.SetLimit(inspectWidth)
		for _, name := range services {
			for _, id := range byService[name] {
				group.Go(func() error { return s.letGo(ctx, name, id) })
			}
		}
		if err := group.Wait(); err != nil {
			return err
		}
	}
	return nil
}

// freezeOne freezes one container. The Engine may wait for a command that it
// began in it, a health check, and that was frozen on its way: then all is
// undone, and tried again.
func (s *Stack) freezeOne(ctx context.Context, name, id string) error {
	for range freezeTries {
		err := s.timely(ctx, func(ctx context.Context) error {
			_, err := s.api.ContainerPause(ctx, id, client.ContainerPauseOptions{})
			return err
		})
		if err == nil || settled(err) {
			return nil
		}
		if !errors.Is(err, errLate) {
			return err
		}
		if err := s.letGo(ctx, name, id); err != nil {
			return err
		}
	}
	return errLate
}

// letGo sees that one container goes on. A command that the Engine began in a
// container while that was being frozen is frozen too; the Engine then waits
// for it, and neither lets the container go on nor says anything about it. So
// its control group is thawed first.
func (s *Stack) letGo(ctx context.Context, name, id string) error {
	var last error
	for try := range freezeTries {
		err := s.timely(ctx, func(ctx context.Context) error { return s.goOn(ctx, id) })
		switch {
		case err == nil || settled(err):
			return nil
		case errors.Is(err, errLate):
			if err := s.engine.answers(ctx); err != nil {
				return err
			}
			s.sink.Emit(event.Notice{Level: "warn", Text: fmt.Sprintf("the Engine said nothing about %s for %s, so its control group is thawed", name, s.FreezeTimeout)})
			last = errors.Join(err, s.engine.past(ctx, thaw, id))
		case strings.Contains(err.Error(), "resume a running process"):
			if last = s.noted(ctx, id); last == nil {
				return nil
			}
		case strings.Contains(err.Error(), "not paused") && try == 0:
			last = err // the Engine's word for it may merely be late
		case strings.Contains(err.Error(), "not paused"):
			if last = s.agree(ctx, id); last == nil {
				return nil
			}
		default:
			return gone(fmt.Errorf("let %s go on: %w", name, err))
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return fault.New(fault.Resumable, "Restart the Engine: sudo systemctl restart docker", "let %s go on: %w", name, last)
}

// goOn lets a container go on that the Engine calls frozen. An Engine that is
// busy with the container answers when it is done.
func (s *Stack) goOn(ctx context.Context, id string) error {
	b, err := s.engine.look(ctx, id)
	if err != nil || b.state != container.StatePaused {
		return err
	}
	_, err = s.api.ContainerUnpause(ctx, id, client.ContainerUnpauseOptions{})
	return err
}

// noted waits until the Engine takes note of a container that goes on already,
// as after an answer of the Engine's that came too late to be heard.
func (s *Stack) noted(ctx context.Context, id string) error {
	return s.timely(ctx, func(ctx context.Context) error {
		again := time.NewTicker(20 * time.Millisecond)
		defer again.Stop()
		for {
			b, err := s.engine.look(ctx, id)
			if err != nil || b.state != container.StatePaused {
				return err
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-again.C:
			}
		}
	})
}

// agree brings in order an Engine that calls a container frozen whose control
// group was thawed: it does its part when it finds what it thinks. It begins
// no command in it meanwhile.
func (s *Stack) agree(ctx context.Context, id string) error {
	err := s.engine.past(ctx, freeze, id)
	if err == nil {
		err = s.timely(ctx, func(ctx context.Context) error {
			_, err := s.api.ContainerUnpause(ctx, id, client.ContainerUnpauseOptions{})
			return err
		})
	}
	if err == nil {
		return nil
	}
	// Whatever the Engine thinks by now: nothing may stay frozen.
	return errors.Join(err, s.engine.past(context.WithoutCancel(ctx), thaw, id))
}

// timely gives the Engine FreezeTimeout. What it was asked for is not
// cancelled with ctx: it would do it all the same, unseen.
func (s *Stack) timely(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.FreezeTimeout)
	defer cancel()
	err := do(ctx)
	if err != nil && ctx.Err() != nil {
		return errLate
	}
	return err
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
