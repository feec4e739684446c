// Package uitest owns what the tests of the renderers share: one event of
// every type, a scripted run, random streams, a clock that stands still and
// golden files. Nothing of it is in the shipped binary.
package uitest

import (
	"math/rand"
	"time"

	"github.com/sentryctl/sentryctl/internal/event"
)

// Start is the moment at which scripted runs begin.
var Start = time.Date(2026, 3, 14, 9, 26, 53, 589793000, time.UTC)

// Clock is a clock that moves only when told.
type Clock struct{ now time.Time }

// NewClock returns a clock that shows Start.
func NewClock() *Clock { return &Clock{now: Start} }

// Now returns the time shown.
func (c *Clock) Now() time.Time { return c.now }

// Add moves the clock.
func (c *Clock) Add(d time.Duration) { c.now = c.now.Add(d) }

// Beat is an event and the time that passes before it.
type Beat struct {
	After time.Duration
	Event event.Event
}

// All returns one event of every type with every field set.
func All() []event.Event {
	pull := event.Step{ID: "pull-images", Title: "Pull the images"}
	return []event.Event{
		event.RunStarted{Run: "20260314-092653-install", Workflow: "install", Version: "25.10.0", Site: "/opt/sentry", Resumed: true,
			Steps: []event.Step{pull, {ID: "start-services", Title: "Start the services"}}},
		event.StepStarted{Step: pull},
		event.Progress{Item: "postgres:14.19-bookworm", Unit: "bytes", Done: 52_000_000, Total: 158_000_000, Note: "downloading"},
		event.Log{Source: "clickhouse", Text: "Logging information to console"},
		event.Notice{Level: "warn", Text: "the machine has no swap", Hint: "Add 16 GB with: sentryctl preflight --fix"},
		event.StepDone{Step: pull, Already: true, Elapsed: 1500 * time.Millisecond},
		event.StepSkipped{Step: event.Step{ID: "geoip", Title: "Update the GeoIP database"}, Reason: "no MaxMind account in the answers"},
		event.StepFailed{Step: event.Step{ID: "start-services", Title: "Start the services"}, Error: "web: exited with status 1", Undone: true, Elapsed: 3 * time.Second},
		event.RunFinished{Run: "20260314-092653-install", OK: true, Changed: true, Elapsed: 243 * time.Second},
	}
}

// Random returns n events of all types in any order, with odd fields.
func Random(r *rand.Rand, n int) []event.Event {
	texts := []string{"", "a", "web", "\x1b[2Jboom\a", "two\nlines\n", "wide 完完完 letters", "\xff\xfe", "a very long text that goes on and on and on until it no longer fits any screen at all, whatever its width"}
	text := func() string { return texts[r.Intn(len(texts))] }
	num := func() int64 { return []int64{-1, 0, 1, 5, 70, 1 << 40, 1<<63 - 1, -1 << 63}[r.Intn(8)] }
	step := func() event.Step { return event.Step{ID: text(), Title: text()} }
	out := make([]event.Event, 0, n)
	for range n {
		d := time.Duration(num())
		e := []event.Event{
			event.RunStarted{Run: text(), Workflow: text(), Version: text(), Site: text(), Resumed: r.Intn(2) == 0, Steps: make([]event.Step, r.Intn(40))},
			event.StepStarted{Step: step()},
			event.StepDone{Step: step(), Already: r.Intn(2) == 0, Elapsed: d},
			event.StepSkipped{Step: step(), Reason: text()},
			event.StepFailed{Step: step(), Error: text(), Undone: r.Intn(2) == 0, Elapsed: d},
			event.Progress{Item: text(), Unit: []string{"", "bytes", "services"}[r.Intn(3)], Done: num(), Total: num(), Note: text()},
			event.Log{Source: text(), Text: text()},
			event.Notice{Level: []string{"", "info", "warn"}[r.Intn(3)], Text: text(), Hint: text()},
			event.RunFinished{Run: text(), OK: r.Intn(2) == 0, Changed: r.Intn(2) == 0, Elapsed: d},
			nil,
		}[r.Intn(10)]
		out = append(out, e)
	}
	return out
}
