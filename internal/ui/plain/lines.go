package plain

import (
	"fmt"
	"strings"

	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/ui/format"
)

// A verb is the word in a line's second column and its colour.
type verb struct{ word, color string }

var (
	start  = verb{"start", ""}
	done   = verb{"done", green}
	skip   = verb{"skip", dim}
	failed = verb{"FAILED", red}
	info   = verb{"info", cyan}
	warn   = verb{"warn", yellow}
	hint   = verb{"hint", cyan}
)

// The colours are the terminal's own sixteen, so that they fit its theme.
const (
	dim, red, green, yellow, cyan, reset = "\x1b[2m", "\x1b[1;31m", "\x1b[32m", "\x1b[33m", "\x1b[36m", "\x1b[0m"
)

// margin is where texts begin: "12/19  FAILED  ".
const margin = 15

func (p *Plain) runStarted(e event.RunStarted) {
	p.run, p.runBegan = e, p.now()
	clear(p.numbers)
	clear(p.began)
	for i, s := range e.Steps {
		p.numbers[s.ID] = i + 1
	}
	head := p.workflow()
	if e.Version != "" {
		head += " " + format.Clean(e.Version)
	}
	if e.Site != "" {
		head += " in " + format.Clean(e.Site)
	}
	head += fmt.Sprintf(": %d %s", len(e.Steps), plural(len(e.Steps), "step"))
	if e.Resumed {
		head += ", going on where the last run stopped"
	}
	fmt.Fprintln(&p.buf, head)
}

func (p *Plain) stepDone(e event.StepDone) {
	if e.Already {
		p.row(e.Step, done, e.Title+" (already)")
		return
	}
	p.row(e.Step, done, e.Title+" ("+format.Elapsed(p.took(e.ID, e.Elapsed))+")")
}

func (p *Plain) stepFailed(e event.StepFailed) {
	p.row(e.Step, failed, e.Title+" ("+format.Elapsed(p.took(e.ID, e.Elapsed))+")")
	for _, line := range format.Wrap(e.Error, Columns-margin) {
		p.indented(line)
	}
	if e.Undone {
		p.indented("What it had changed was taken back.")
	}
}

func (p *Plain) notice(e event.Notice) {
	v := info
	if e.Level == "warn" {
		v = warn
	}
	p.row(event.Step{}, v, format.Sentence(e.Text))
	if e.Hint == "" {
		return
	}
	// A hint is there to be pasted: it is never broken.
	for i, line := range format.Lines(e.Hint) {
		if i == 0 {
			p.prefixed("", hint, line)
		} else {
			p.indented(line)
		}
	}
}

func (p *Plain) log(e event.Log) {
	text := format.Clean(e.Text)
	if e.Source != "" {
		text = strings.TrimRight(format.Clean(e.Source)+" | "+text, " ")
	}
	p.detail(text)
}

func (p *Plain) runFinished(e event.RunFinished) {
	took := e.Elapsed
	if took == 0 && !p.runBegan.IsZero() {
		took = p.now().Sub(p.runBegan)
	}
	switch {
	case !e.OK:
		fmt.Fprintf(&p.buf, "%s stopped after %s\n", p.workflow(), format.Elapsed(took))
	case !e.Changed:
		fmt.Fprintf(&p.buf, "%s: nothing to change (%s)\n", p.workflow(), format.Elapsed(took))
	default:
		fmt.Fprintf(&p.buf, "%s done in %s\n", p.workflow(), format.Elapsed(took))
	}
}

func (p *Plain) workflow() string {
	if w := format.Clean(p.run.Workflow); w != "" {
		return format.Sentence(w)
	}
	return "Run"
}

// row writes a numbered line, broken at Columns.
func (p *Plain) row(s event.Step, v verb, text string) {
	number := ""
	if n, ok := p.numbers[s.ID]; ok {
		number = fmt.Sprintf("%d/%d", n, len(p.run.Steps))
	}
	for i, line := range format.Wrap(text, Columns-margin) {
		if i == 0 {
			p.prefixed(number, v, line)
		} else {
			p.indented(line)
		}
	}
}

func (p *Plain) prefixed(number string, v verb, text string) {
	fmt.Fprintf(&p.buf, "%5s  %s  %s\n", number, p.paint(v.color, format.Pad(v.word, 6)), text)
}

func (p *Plain) indented(text string) { fmt.Fprintf(&p.buf, "%*s%s\n", margin, "", text) }

// detail is a line of something inside a step, less important than the step.
func (p *Plain) detail(text string) { p.indented(p.paint(dim, text)) }

func (p *Plain) paint(color, text string) string {
	if !p.color || color == "" || text == "" {
		return text
	}
	return color + text + reset
}

func sentence(title, reason string) string {
	if reason == "" {
		return title
	}
	return title + ": " + reason
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}
