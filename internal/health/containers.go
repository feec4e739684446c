package health

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// Services tells the state of every service's container as of now.
type Services interface {
	AskedStatus(ctx context.Context) ([]workload.Status, error)
}

// Containers asks whether every service runs, passes its own health check and
// stays up.
type Containers struct {
	Services Services
	Hold     time.Duration // how long nothing may restart; 0 means 5 s
	Limit    time.Duration // 0 means 3 min: Docker asks some services every 60 s only
	AtOnce   bool          // do not wait for what has ended or is missing: only a person brings that back
}

// Check is the check of the containers.
func (c Containers) Check() Check {
	return Check{ID: "containers", Title: "Containers run and do not restart", Ask: c.Prove}
}

// Prove waits until all is well and stays so.
func (c Containers) Prove(ctx context.Context) (string, error) {
	var n int
	err := until(ctx, cmp.Or(c.Limit, 3*time.Minute), func(ctx context.Context) error {
		before, err := c.sound(ctx)
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(cmp.Or(c.Hold, 5*time.Second)):
		}
		after, err := c.sound(ctx)
		if err != nil {
			return err
		}
		n = len(after)
		return restarted(before, after)
	})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d services run", n), nil
}

// sound returns the containers by name when each is as it should be.
func (c Containers) sound(ctx context.Context) (map[string]workload.Status, error) {
	list, err := c.Services.AskedStatus(ctx)
	if err != nil {
		return nil, err
	}
	found := map[string]workload.Status{}
	var bad []string
	down := false
	for _, s := range list {
		found[cmp.Or(s.Container, s.Service)] = s
		if why := unsound(s); why != "" {
			bad = append(bad, s.Service+" "+why)
			down = down || s.State == "absent" || s.State == "exited" || s.State == "dead"
		}
	}
	if len(bad) == 0 {
		return found, nil
	}
	slices.Sort(bad)
	if err = notSound(bad); down && c.AtOnce {
		err = lasting{err}
	}
	return nil, err
}

// unsound says what is wrong with one container, "" when nothing is.
func unsound(s workload.Status) string {
	switch {
	case s.State == "absent":
		return "has no container"
	case s.State == "exited" && s.Completed:
		return ""
	case s.State != "running":
		return fmt.Sprintf("is %s (exit code %d)", s.State, s.ExitCode)
	case s.Health != "" && s.Health != "healthy":
		return "is " + s.Health
	}
	return ""
}

func restarted(before, after map[string]workload.Status) error {
	var bad []string
	for name, s := range after {
		if s.Restarts > before[name].Restarts {
			bad = append(bad, s.Service+" restarts")
		}
	}
	if len(bad) == 0 {
		return nil
	}
	slices.Sort(bad)
	return notSound(bad)
}

// notSound names at most a handful: the rest mostly fails for the same reason.
func notSound(bad []string) error {
	const most = 6
	first := strings.Fields(bad[0])[0]
	text := strings.Join(bad[:min(most, len(bad))], ", ")
	if more := len(bad) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return fault.New(fault.Resumable, "Look at what it says: docker compose logs --tail 50 "+first, "%s", text)
}
