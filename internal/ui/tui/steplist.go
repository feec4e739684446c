package tui

import (
	"fmt"
	"strings"

	"github.com/sentryctl/sentryctl/internal/ui/format"
)

// maxActive is how many images or files of the running step are shown.
const maxActive = 4

// stepList is all steps as lines, with the place that must be seen.
type stepList struct {
	lines      []line
	owner      []int // the step that a line belongs to
	begin, end int   // the lines of the running step
}

func (r *run) allSteps(width int) stepList {
	var l stepList
	focus := r.focus()
	for i, s := range r.steps {
		begin := len(l.lines)
		l.lines = append(l.lines, r.stepLine(s, width))
		if s.status == running && i == r.current {
			l.lines = append(l.lines, r.inside(width)...)
		}
		if s.status == failed {
			l.lines = append(l.lines, because(s, width)...)
		}
		for len(l.owner) < len(l.lines) {
			l.owner = append(l.owner, i)
		}
		if i == focus {
			l.begin, l.end = begin, len(l.lines)
		}
	}
	return l
}

// focus is the step to keep in sight: the one that fails or runs, else the
// last that is over.
func (r *run) focus() int {
	at := 0
	for i, s := range r.steps {
		switch {
		case s.status == running || s.status == failed:
			return i
		case s.status >= done:
			at = i
		}
	}
	return at
}

// stepLines shows room lines of the steps around the running one, and says
// how many are out of sight.
func (r *run) stepLines(width, room int) []line {
	l := r.allSteps(width)
	n := len(l.lines)
	if n <= room || room <= 0 {
		return clip(l.lines, room)
	}
	begin := l.begin - max(0, room-(l.end-l.begin))/2
	begin = min(max(begin, 0), n-room)
	end := begin + room
	out := append([]line{}, l.lines[begin:end]...)
	if begin > 0 && begin < l.begin {
		out[0] = paint(fmt.Sprintf("   %d above", l.owner[begin]+1), dim)
	}
	if end < n && end > l.end {
		out[room-1] = paint(fmt.Sprintf("   %d more", len(r.steps)-l.owner[end-1]), dim)
	}
	return out
}

func (r *run) stepLine(s stepState, width int) line {
	switch s.status {
	case running:
		frames := r.now().UnixMilli() / frame.Milliseconds()
		mark := spinner[((frames%int64(len(spinner)))+int64(len(spinner)))%int64(len(spinner))]
		return spread(join(paint(" "+mark+" ", cyan), paint(s.title, bold)), text(format.Elapsed(r.now().Sub(s.began))), width)
	case pending:
		return paint(" · "+s.title, dim)
	}
	return s.settled(width)
}

// settled is the line of a step that is over, on the screen and in the
// account.
func (s stepState) settled(width int) line {
	switch s.status {
	case done:
		return spread(join(paint(" ✓ ", green), text(s.title)), paint(format.Elapsed(s.took), dim), width)
	case already:
		return spread(join(paint(" ✓ ", green), text(s.title)), paint("already", dim), width)
	case skipped:
		return spread(paint(" – "+s.title, dim), paint(s.reason, dim), width)
	case failed:
		return spread(paint(" ✗ "+s.title, red), text(format.Elapsed(s.took)), width)
	case running:
		return spread(paint(" ! "+s.title, yellow), text("interrupted"), width)
	}
	return paint(" · "+s.title, dim)
}

func because(s stepState, width int) []line {
	var out []line
	for _, t := range clipText(format.Wrap(s.reason, max(width-3, 10)), 3) {
		out = append(out, text("   "+t))
	}
	if s.undone {
		out = append(out, paint("   What it had changed was taken back.", dim))
	}
	return out
}

func clipText(lines []string, n int) []string { return lines[:min(n, len(lines))] }

// inside is what the running step says of itself: a bar of the whole step, and
// one for each item under way.
func (r *run) inside(width int) []line {
	m := &r.meter
	if m.empty() {
		return nil
	}
	amount := format.Amount(m.done, m.total, m.unit)
	items := m.active(maxActive)
	if len(items) == 0 {
		amount = strings.TrimSpace(amount + "  " + strings.TrimSpace(m.name+" "+m.note))
	}
	if m.total <= 0 {
		return append([]line{text("   " + amount)}, itemLines(items, width)...)
	}
	if left, ok := m.remaining(r.now()); ok {
		amount += "  about " + format.About(left) + " left"
	}
	size := min(max(width/4, 5), 30)
	first := join(text("   "), bar(m.part(), size, cyan), text(fmt.Sprintf(" %3d %%  %s", format.Percent(m.done, m.total), amount)))
	return append([]line{first}, itemLines(items, width)...)
}

func itemLines(items []item, width int) []line {
	size := min(max(width/8, 4), 15)
	names := min(max(width-size-32, 8), 50)
	var out []line
	for _, it := range items {
		name := format.Pad(format.CutLeft(it.name, names, "…"), names)
		row := join(paint("   "+name+" ", dim))
		if it.total > 0 {
			row = join(row, bar(float64(max(it.done, 0))/float64(it.total), size, cyan), text("  "))
		}
		out = append(out, join(row, paint(strings.TrimSpace(format.Amount(it.done, it.total, "bytes")+"  "+it.note), dim)))
	}
	return out
}
