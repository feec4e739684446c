package tui

import (
	"time"

	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/ui/format"
)

// maxItems bounds the items of one step that are remembered.
const maxItems = 1000

// item is one image, service or file that a step works on.
type item struct {
	name        string
	note        string
	done, total int64
}

func (i item) complete() bool { return i.total > 0 && i.done >= i.total }

// meter adds up the progress of the running step. Bytes are measured per item
// and summed; any other unit counts the items, and the event is the sum.
type meter struct {
	unit        string
	done, total int64
	name, note  string // of the last event
	items       []item // of bytes, in the order of their first event
	index       map[string]int
	began       time.Time
	beganAt     float64
}

func (m *meter) take(e event.Progress, now time.Time) {
	e.Done, e.Total = max(e.Done, 0), max(e.Total, 0)
	e.Item, e.Note = format.Clean(e.Item), format.Clean(e.Note)
	m.unit, m.name, m.note = format.Clean(e.Unit), e.Item, e.Note
	if e.Unit == "bytes" {
		m.bytes(e)
	} else {
		m.done, m.total = e.Done, e.Total
	}
	if m.began.IsZero() {
		m.began, m.beganAt = now, m.part()
	}
}

func (m *meter) bytes(e event.Progress) {
	if m.index == nil {
		m.index = map[string]int{}
	}
	i, ok := m.index[e.Item]
	if !ok {
		if len(m.items) >= maxItems {
			return
		}
		i = len(m.items)
		m.index[e.Item] = i
		m.items = append(m.items, item{name: e.Item})
	}
	m.items[i].done, m.items[i].total, m.items[i].note = e.Done, e.Total, e.Note
	m.done, m.total = 0, 0
	for _, it := range m.items {
		m.done += it.done
		m.total += it.total
	}
}

// empty tells whether the step has said nothing yet.
func (m *meter) empty() bool { return m.began.IsZero() }

// part returns how much of the step is done, 0 to 1; 0 where nobody knows.
func (m *meter) part() float64 {
	if m.total <= 0 || m.done <= 0 {
		return 0
	}
	return min(1, float64(m.done)/float64(m.total))
}

// remaining guesses from the rate so far. False: too early to tell.
func (m *meter) remaining(now time.Time) (time.Duration, bool) {
	gone, won := now.Sub(m.began), m.part()-m.beganAt
	if m.empty() || gone < 3*time.Second || won < 0.03 || m.part() >= 1 {
		return 0, false
	}
	return time.Duration(float64(gone) * (1 - m.part()) / won), true
}

// active returns at most n items that are under way, the first ones first.
func (m *meter) active(n int) []item {
	var out []item
	if m.unit != "bytes" {
		return nil
	}
	for _, it := range m.items {
		if len(out) == n {
			break
		}
		if it.name != "" && !it.complete() {
			out = append(out, it)
		}
	}
	return out
}
