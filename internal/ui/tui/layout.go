package tui

import (
	"fmt"
	"strings"

	"github.com/sentryctl/sentryctl/internal/ui/format"
)

// layout draws the run on a screen of this size, at most height lines. What
// gives way on a small screen, in this order: blank lines, the log, the title,
// steps that are far from the running one.
func layout(r *run, width, height int) []line {
	if width <= 0 || height <= 0 {
		return nil
	}
	if height < 8 || width < 30 {
		return clip(append([]line{r.overall(width)}, r.stepLines(width, height-1)...), height)
	}
	gap := height >= 16
	out := []line{r.head(width), r.overall(width)}
	if gap {
		out = append(out, line{})
	}
	room := height - len(out) - 1
	logs := r.logRoom(room, gap, len(r.allSteps(width).lines))
	steps := r.stepLines(width, room-logs)
	out = append(out, steps...)
	if logs > 0 {
		out = append(out, r.logLines(width, room-len(steps), gap)...)
	}
	for len(out) < height-1 {
		out = append(out, line{})
	}
	return append(clip(out, height-1), r.foot(width))
}

func clip(lines []line, n int) []line { return lines[:min(len(lines), max(n, 0))] }

func (r *run) head(width int) line {
	left := join(text("sentryctl "), paint(strings.TrimSpace(r.workflow+" "+r.version), bold))
	if r.site != "" {
		left = join(left, paint(" · "+r.site, dim))
	}
	right := line{}
	if n := len(r.steps); n > 0 {
		right = paint(fmt.Sprintf("%d of %d steps", r.settled(), n), dim)
	}
	return spread(left, right, width)
}

// overall is the bar of the whole run with its times.
func (r *run) overall(width int) line {
	part := r.part()
	color := cyan
	switch {
	case r.finished != nil && r.finished.OK:
		color = green
	case r.finished != nil || r.anyFailed():
		color = red
	case r.stopping:
		color = yellow
	}
	times := format.Elapsed(r.elapsed())
	if left, ok := r.remaining(); ok && width >= 60 {
		times += ", about " + format.About(left) + " left"
	}
	percent := fmt.Sprintf(" %3d %%", format.Percent(int64(part*1e6), 1e6))
	if width < 30 {
		return join(paint(strings.TrimSpace(percent), bold), text(" "+times))
	}
	// The bar must not jump when the times change their length.
	space := 12
	if len(r.expect) > 0 && width >= 60 {
		space = 36
	}
	tail := join(paint(percent, bold), text("  "+format.Pad(times, space)))
	return join(bar(part, width-tail.width(), color), tail)
}

func (r *run) anyFailed() bool {
	for _, s := range r.steps {
		if s.status == failed {
			return true
		}
	}
	return false
}

func (r *run) foot(width int) line {
	switch {
	case r.finished != nil:
		return r.verdict()
	case r.stopping:
		return paint("Stopping: waiting for the running step to end. Ctrl-C again ends at once.", yellow)
	}
	toggle := "hide the log"
	if r.log.hidden {
		toggle = "show the log"
	}
	keys := join(paint("q", bold), paint(" stop   ", dim), paint("l", bold), paint(" "+toggle+"   ", dim))
	if width >= 60 && !r.log.hidden {
		keys = join(keys, paint("↑ ↓ PgUp PgDn", bold), paint(" scroll the log", dim))
	}
	return keys
}

// logRoom returns the lines that the log pane gets with its rule: what the
// steps leave, at least a third of a large screen.
func (r *run) logRoom(room int, gap bool, steps int) int {
	if r.log.hidden || room < 8 {
		return 0
	}
	least := 4
	if gap {
		least = max(6, room/3)
	}
	return max(least, room-steps)
}

func (r *run) logLines(width, room int, gap bool) []line {
	var out []line
	if gap {
		out = append(out, line{})
	}
	title := "── log "
	if r.log.up > 0 {
		title = fmt.Sprintf("── log, %d newer lines below ", r.log.up)
	}
	out = append(out, paint(title+strings.Repeat("─", max(0, width-format.Width(title))), dim))
	for _, l := range r.log.last(room-len(out), r.log.up) {
		out = append(out, l.line())
	}
	return out
}

func (l logLine) line() line {
	switch l.kind {
	case warn:
		return join(paint("! ", yellow), paint(l.text, yellow))
	case info:
		return text(l.text)
	case hint:
		return paint(l.text, cyan)
	}
	if l.source == "" {
		return text(l.text)
	}
	return join(paint(l.source+" │ ", dim), text(l.text))
}
