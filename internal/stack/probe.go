package stack

import (
	"context"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"

	"github.com/sentryctl/sentryctl/internal/fault"
)

const (
	probeTimeout = 30 * time.Second // Docker's default
	probeOutput  = 4 << 10
)

// healthCommand gives the command line that Docker would run to check the
// container's health, nil for none.
func healthCommand(check *container.HealthConfig, shell []string) []string {
	if check == nil || len(check.Test) < 2 {
		return nil
	}
	switch check.Test[0] {
	case "CMD":
		return check.Test[1:]
	case "CMD-SHELL":
		if len(shell) == 0 {
			shell = []string{"/bin/sh", "-c"}
		}
		return append(append([]string{}, shell...), check.Test[1])
	}
	return nil
}

// probe runs the container's own health command once. ok false comes with
// what the command said.
func (e *Engine) probe(ctx context.Context, b box, command []string) (ok bool, said string, err error) {
	limit := b.check.Timeout
	if limit <= 0 {
		limit = probeTimeout
	}
	probeCtx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	out := &tail{limit: probeOutput}
	code, err := e.exec(probeCtx, execRun{container: b.id, command: command, stdout: out, stderr: out})
	switch {
	case err == nil:
		return code == 0, lastLines(out.Bytes(), 3), nil
	case ctx.Err() != nil:
		return false, "", ctx.Err()
	case probeCtx.Err() != nil:
		return false, "the health command took longer than " + limit.String(), nil
	case errdefs.IsConflict(err) || errdefs.IsNotFound(err):
		return false, "the container is not running", nil
	}
	// Anything else may pass by; only an Engine that is gone does not.
	if away := e.lost(ctx, err); fault.CodeOf(away) == fault.NoEngine {
		return false, "", away
	}
	return false, err.Error(), nil
}

// rhythm is the pause before each look at a service: short at first, because
// most are ready soon after their start, then longer, because a look costs
// the machine a process.
type rhythm struct {
	next, limit time.Duration
}

func newRhythm(urgent bool) rhythm {
	if urgent {
		return rhythm{next: 100 * time.Millisecond, limit: time.Second}
	}
	return rhythm{next: 700 * time.Millisecond, limit: 2 * time.Second}
}

func (r *rhythm) pause() time.Duration {
	now := r.next
	r.next = min(now*8/5, r.limit)
	return now
}
