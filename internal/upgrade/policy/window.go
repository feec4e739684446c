package policy

import (
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // a machine may have no list of time zones

	"go.yaml.in/yaml/v3"
)

// Window is when an upgrade may interrupt: from a time of some days on. An end
// that is not after the beginning lies on the next day.
type Window struct {
	Days     []time.Weekday // those on which it opens
	From, To int            // minutes after midnight
	Zone     *time.Location
}

var weekdays = [...]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

func (r reader) window(n *yaml.Node, p *Policy) error {
	w := Window{From: -1, To: -1, Zone: time.Local}
	err := r.mapping(n, map[string]setter{
		"days": func(n *yaml.Node) error { return r.days(n, &w) },
		"from": func(n *yaml.Node) error { return r.clock(n, &w.From) },
		"to":   func(n *yaml.Node) error { return r.clock(n, &w.To) },
		"zone": func(n *yaml.Node) (err error) {
			if w.Zone, err = time.LoadLocation(n.Value); err != nil || n.Value == "" {
				return r.wrong(n, "%q is no time zone such as Europe/Berlin or UTC", n.Value)
			}
			return nil
		},
	})
	if err == nil && (w.From < 0 || w.To < 0) {
		err = r.wrong(n, "a window needs from and to, such as \"02:00\" and \"05:00\"")
	}
	p.Window = &w
	return err
}

func (r reader) days(n *yaml.Node, w *Window) error {
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		return r.wrong(n, "days is a list such as [sat, sun]")
	}
	for _, day := range n.Content {
		i := slices.Index(weekdays[:], strings.ToLower(day.Value))
		if i < 0 {
			return r.wrong(day, "%q is none of %s", day.Value, strings.Join(weekdays[:], ", "))
		}
		w.Days = append(w.Days, time.Weekday(i))
	}
	return nil
}

func (r reader) clock(n *yaml.Node, to *int) error {
	t, err := time.Parse("15:04", n.Value)
	switch {
	case n.Value == "24:00":
		*to = 24 * 60
	case err != nil:
		return r.wrong(n, "%q is no time such as \"02:00\"", n.Value)
	default:
		*to = t.Hour()*60 + t.Minute()
	}
	return nil
}

// on gives the window that opens on the day of t, moved by some days.
func (w Window) on(t time.Time, days int) (from, to time.Time, opens bool) {
	y, m, d := t.In(w.Zone).Date()
	d += days
	from = time.Date(y, m, d, 0, w.From, 0, 0, w.Zone)
	end := d
	if w.To <= w.From {
		end++
	}
	to = time.Date(y, m, end, 0, w.To, 0, 0, w.Zone)
	return from, to, len(w.Days) == 0 || slices.Contains(w.Days, time.Date(y, m, d, 12, 0, 0, 0, w.Zone).Weekday())
}

// Open tells whether t lies in the window, and when that closes. One that opens before
// or as another closes makes one with it; a window that never closes is told to do so
// in more than a week.
func (w Window) Open(t time.Time) (closes time.Time, open bool) {
	for days := -1; days <= 8; days++ {
		from, to, opens := w.on(t, days)
		begun := !t.Before(from) && t.Before(to)
		goesOn := open && !from.After(closes) && to.After(closes)
		if opens && (begun && !open || goesOn) {
			closes, open = to, true
		}
	}
	return closes, open
}

// Next gives the next window that opens after t: not one that only goes on with another.
// Zero means that there is none, as the window never closes.
func (w Window) Next(t time.Time) (from, to time.Time) {
	for days := range 9 {
		from, _, opens := w.on(t, days)
		if _, goesOn := w.Open(from.Add(-1)); opens && !goesOn && from.After(t) {
			to, _ = w.Open(from)
			return from, to
		}
	}
	return time.Time{}, time.Time{}
}
