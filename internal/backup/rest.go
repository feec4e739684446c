package backup

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// Resting is the note that services rest. It is on disk before the first of
// them does, so that whoever finds it can let them go on: the backup itself,
// its guard, or the next command.
type Resting struct {
	Set      string    `json:"set"`
	Since    time.Time `json:"since"`
	Services []string  `json:"services"` // in the order in which they came to rest
}

// WakeLimit is how long an Engine that is away is waited for.
const WakeLimit = 15 * time.Minute

func restingPath(s *site.Site) string { return s.Own("backup", "resting.json") }

// ReadResting returns the note of a backup that did not come to its end, or
// false when there is none.
func ReadResting(s *site.Site) (r Resting, found bool, err error) {
	found, err = readNote(restingPath(s), "Run: docker compose unpause, then: docker compose start, then remove the file", &r)
	return r, found, err
}

// rest brings services to rest, writers before stores. Frozen processes go on
// within milliseconds, where stopped ones start anew for minutes; where the
// Engine cannot freeze, they are stopped. Whatever it returns, the note tells
// the truth.
func (e *Env) rest(ctx context.Context, r Rest) error {
	if err := writeNote(restingPath(e.Site), Resting{Set: e.Set, Since: e.Now().UTC(), Services: r.All()}); err != nil {
		return err
	}
	if e.Mode == Cold {
		return e.Stack.Stop(ctx, r.All()...)
	}
	if err := e.freeze(ctx, r); err != nil {
		if ctx.Err() != nil || fault.CodeOf(err) == fault.NoEngine {
			return err
		}
		e.Sink.Emit(event.Notice{Level: "warn", Text: "this Engine cannot freeze containers, so they are stopped: " + err.Error()})
		if err := e.Stack.Unpause(ctx, r.All()...); err != nil {
			return err
		}
		return e.Stack.Stop(ctx, r.All()...)
	}
	return nil
}

// freeze freezes writers, has stores write out what they hold in memory
// alone, and freezes them too.
func (e *Env) freeze(ctx context.Context, r Rest) error {
	if err := e.Stack.Pause(ctx, r.Writers...); err != nil {
		return err
	}
	if slices.Contains(r.Stores, "redis") {
		e.saveRedis(ctx)
	}
	return e.Stack.Pause(ctx, r.Stores...)
}

// saveRedis has Redis write its memory to disk, as its end would.
func (e *Env) saveRedis(ctx context.Context) {
	res, err := e.Stack.Exec(ctx, "redis", workload.Exec{Command: []string{"redis-cli", "save"}, Quiet: true})
	if err == nil && res.ExitCode != 0 {
		err = fmt.Errorf("exit code %d: %s", res.ExitCode, res.Stderr)
	}
	if err != nil {
		e.Sink.Emit(event.Notice{Level: "warn", Text: "Redis did not save on request, so the backup holds what it saved last: " + err.Error()})
	}
}

// Waker is what it takes to let services go on.
type Waker interface {
	Unpause(ctx context.Context, services ...string) error
	Start(ctx context.Context, services ...string) error
	Status(ctx context.Context) ([]workload.Status, error)
}

// Wake lets the services of a note go on, stores first, and removes the note.
// It tries until it succeeds or ctx ends: an Engine that restarts comes back.
// The note of a backup that began meanwhile is that one's affair.
func Wake(ctx context.Context, s *site.Site, w Waker) error {
	first, resting, err := ReadResting(s)
	if err != nil || !resting {
		return err
	}
	others := func() (bool, error) { // or nobody's any more
		note, resting, err := ReadResting(s)
		return !resting || note.Set != first.Set, err
	}
	for pause := 250 * time.Millisecond; ; pause = min(2*pause, 10*time.Second) {
		if over, err := others(); err != nil || over {
			return err
		}
		err := wakeOnce(ctx, first, w)
		if over, err := others(); err != nil || over {
			return err
		}
		if err == nil {
			return os.RemoveAll(restingPath(s)) // who else woke them may have been first
		}
		select {
		case <-ctx.Done():
			return fault.New(fault.Resumable, "Run: sentryctl resume --site "+s.Dir, "let the services go on: %w", err)
		case <-time.After(pause):
		}
	}
}

func wakeOnce(ctx context.Context, note Resting, w Waker) error {
	order := slices.Clone(note.Services)
	slices.Reverse(order)
	if err := w.Unpause(ctx, order...); err != nil {
		return err
	}
	list, err := w.Status(ctx)
	if err != nil {
		return err
	}
	var down []string
	for _, st := range list {
		if slices.Contains(note.Services, st.Service) && st.State == "paused" {
			return fmt.Errorf("the Engine still calls %s paused", st.Service)
		}
		if slices.Contains(note.Services, st.Service) && (st.State == "exited" || st.State == "created" || st.State == "dead") && !st.Completed {
			down = append(down, st.Service)
		}
	}
	if len(down) == 0 {
		return nil
	}
	return w.Start(ctx, down...)
}
