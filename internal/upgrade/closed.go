package upgrade

import (
	"time"

	"github.com/sentryctl/sentryctl/internal/step"
)

const startID step.ID = "start-services" // an install's

// Cut is a hop that was cut short and is about to go on. It tells for how long
// its doors were closed while nobody measured.
type Cut struct {
	Hop        Hop
	StopIngest bool
	Records    []step.Record
	Counted    time.Time // up to here it was measured; zero: never
	Now        time.Time
}

// UI is for how long the front door was closed: since the services were stopped,
// until they were ready again. answers says that it is open now. When somebody has
// opened it stands in no record then, and only the time until the last one counts.
func (c Cut) UI(answers bool) time.Duration {
	return c.closed(answers, func(r step.Record) bool {
		return r.Step == stopID && r.Kind == step.KindStarted || r.Step == drainID && r.Kind == step.KindDone // draining stops web in its course
	})
}

// Ingest is the same for the way of events. Where that stays open until relay and
// nginx are replaced, no record says when that was, and nothing counts.
func (c Cut) Ingest(answers bool) time.Duration {
	if !c.StopIngest && !c.Hop.NewKafka {
		return 0
	}
	return c.closed(answers, func(r step.Record) bool {
		return r.Kind == step.KindStarted && (r.Step == stopID || r.Step == drainID) // draining begins with relay
	})
}

// closed adds up the times between a record that closes a door and the start of
// the services.
func (c Cut) closed(answers bool, closes func(step.Record) bool) (sum time.Duration) {
	var since time.Time
	until := func(at time.Time) {
		if since.Before(c.Counted) {
			since = c.Counted
		}
		sum += max(0, at.Sub(since))
		since = time.Time{}
	}
	for _, r := range c.Records {
		switch {
		case since.IsZero() && closes(r):
			since = r.Time
		case !since.IsZero() && r.Step == startID && r.Kind == step.KindDone:
			until(r.Time)
		}
	}
	switch {
	case since.IsZero():
	case answers:
		until(c.Records[len(c.Records)-1].Time)
	default:
		until(c.Now)
	}
	return sum
}
