package upgrade

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/step"
)

// Alarm passes events on, counts the migrations that they tell of, and warns
// when those have said nothing for a while. It ends nothing: a migration that
// is slow is worse off when it is killed.
type Alarm struct {
	sink  event.Sink
	limit time.Duration
	now   func() time.Time

	mu      sync.Mutex
	running string // the title of the step that migrates, "" for none
	last    time.Time
	warned  time.Duration // of the present silence
	applied int64
}

// NewAlarm warns each time that a migration has been silent for limit more; 0
// never warns.
func NewAlarm(sink event.Sink, limit time.Duration, now func() time.Time) *Alarm {
	return &Alarm{sink: sink, limit: limit, now: now}
}

// migrating are the steps that are listened to.
func migrating() []step.ID { return []step.ID{"bootstrap-snuba", "migrate-database"} }

// Emit passes an event on.
func (a *Alarm) Emit(e event.Event) {
	a.sink.Emit(e)
	if p, is := a.hear(e); is {
		a.sink.Emit(p)
	}
}

// hear takes note of an event. A line that tells of a migration is progress.
func (a *Alarm) hear(e event.Event) (p event.Progress, is bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch e := e.(type) {
	case event.StepStarted:
		if slices.Contains(migrating(), step.ID(e.ID)) {
			a.running, a.last, a.warned, a.applied = e.Title, a.now(), 0, 0
		}
	case event.StepDone, event.StepFailed, event.StepSkipped:
		a.running = ""
	case event.Log:
		if a.running == "" {
			return p, false
		}
		a.last, a.warned = a.now(), 0
		if m := appliedLine().FindStringSubmatch(e.Text); m != nil {
			a.applied++
			return event.Progress{Item: "migrations", Unit: "migrations", Done: a.applied, Note: m[1]}, true
		}
	}
	return p, false
}

// appliedLine is how Django and Snuba name a migration that they carry out.
func appliedLine() *regexp.Regexp {
	return regexp.MustCompile(`^\s*(?:Applying|Running migration:?|Migrating)\s+(\S+)`)
}

// Look warns when it is time to.
func (a *Alarm) Look() {
	if n, is := a.overdue(); is {
		a.sink.Emit(n)
	}
}

func (a *Alarm) overdue() (n event.Notice, is bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	silent := a.now().Sub(a.last)
	if a.running == "" || a.limit <= 0 || silent < a.warned+a.limit {
		return n, false
	}
	a.warned = silent - silent%a.limit
	return event.Notice{Level: "warn", Text: fmt.Sprintf("%q has said nothing for %s", a.running, silent.Round(time.Second)),
		Hint: "It goes on; look what the database does: docker compose exec postgres psql -U postgres -c 'SELECT pid, state, wait_event, left(query, 80) FROM pg_stat_activity'"}, true
}

// Watch looks at every tick until ctx ends.
func (a *Alarm) Watch(ctx context.Context, ticks <-chan time.Time) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
			a.Look()
		}
	}
}
