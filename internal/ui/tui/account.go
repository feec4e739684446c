package tui

import (
	"fmt"

	"github.com/sentryctl/sentryctl/internal/ui/format"
)

const (
	accountWidth = 80 // narrow: a terminal may be resized later
	accountLog   = 10 // lines of the log that explain a failure
)

// account is what stays in the scrollback: each step, each notice with its
// hint whole, and the verdict.
func (r *run) account() []line {
	out := append([]line{}, r.past...)
	out = append(out, r.result()...)
	for _, n := range r.notices {
		mark := line{}
		if n.Level == "warn" {
			mark = paint("! ", yellow)
		}
		for i, t := range format.Wrap(n.Text, accountWidth-2) {
			if i > 0 && len(mark) > 0 {
				mark = text("  ")
			}
			out = append(out, join(mark, text(t)))
		}
		if n.Hint == "" {
			continue
		}
		for _, t := range format.Lines(n.Hint) {
			out = append(out, paint("  "+t, cyan))
		}
	}
	if r.workflow != "" || r.finished != nil {
		out = append(out, r.verdict())
	}
	return out
}

// result lists the steps of the run as they ended.
func (r *run) result() []line {
	if len(r.steps) == 0 {
		return nil
	}
	out := []line{r.head(accountWidth)}
	waiting := 0
	for _, s := range r.steps {
		if s.status == pending {
			waiting++
			continue
		}
		out = append(out, s.settled(accountWidth))
		if s.status == failed {
			out = append(out, because(s, accountWidth)...)
			out = append(out, r.logTail()...)
		}
	}
	if waiting > 0 {
		out = append(out, paint(fmt.Sprintf(" · %d %s not run", waiting, plural(waiting, "step")), dim))
	}
	return out
}

// logTail is the end of the log, which the live view takes away with it.
func (r *run) logTail() []line {
	var out []line
	for _, l := range r.log.last(accountLog, 0) {
		if l.kind == output {
			out = append(out, join(text("   "), l.line()))
		}
	}
	return out
}

func (r *run) verdict() line {
	what := "Run"
	if r.workflow != "" {
		what = format.Sentence(r.workflow)
	}
	took := format.Elapsed(r.elapsed())
	switch {
	case r.finished == nil:
		return paint(what+" broken off after "+took, red)
	case !r.finished.OK:
		return paint(what+" stopped after "+took, red)
	case !r.finished.Changed:
		return paint(what+": nothing to change ("+took+")", green)
	}
	return paint(what+" done in "+took, green)
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}
