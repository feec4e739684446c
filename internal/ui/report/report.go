// Package report owns how a preflight report reads to a person: one line for
// what is well, a block with got, want and hint for what is not, and a verdict
// that says what to do next.
package report

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/sentryctl/sentryctl/internal/preflight"
	"github.com/sentryctl/sentryctl/internal/ui/format"
)

// Columns is the width that lines keep where their text allows.
const Columns = 100

// Options say how to write.
type Options struct {
	Color bool // the writer is a terminal that shows colours
	Brief bool // leave out what is well
}

// The colours are the terminal's own sixteen, so that they fit its theme.
const (
	dim, red, green, yellow, cyan, reset = "\x1b[2m", "\x1b[1;31m", "\x1b[32m", "\x1b[33m", "\x1b[36m", "\x1b[0m"
)

// Columns of a line: "  state    id                   text".
const (
	stateWidth = 7
	idWidth    = 19
	margin     = 2 + stateWidth + 2 + idWidth + 2
)

// Write writes r with one Write.
func Write(w io.Writer, r preflight.Report, o Options) error {
	p := page{color: o.Color}
	p.head(r)
	for _, f := range r.Findings {
		switch {
		case f.State == preflight.Bad || f.State == preflight.Ignored:
			p.bad(f)
		case !o.Brief:
			p.line(f)
		}
	}
	p.verdict(r)
	_, err := w.Write(p.buf.Bytes())
	return err
}

type page struct {
	buf   bytes.Buffer
	color bool
}

func (p *page) head(r preflight.Report) {
	head := "Preflight"
	if r.Version != "" {
		head += " for Sentry " + r.Version
	}
	if r.Profile != "" {
		head += ", " + r.Profile
	}
	fmt.Fprintf(&p.buf, "%s\n\n", head)
}

// line is a finding that asks for nothing.
func (p *page) line(f preflight.Finding) {
	word, color := "ok", green
	switch f.State {
	case preflight.Unknown:
		word, color = "unknown", cyan
	case preflight.Skipped:
		word, color = "skipped", dim
	}
	text := f.Title
	if got := reason(f); got != "" {
		text += ": " + got
	}
	p.block(word, color, f.ID, text)
}

// reason drops what the word before it says already.
func reason(f preflight.Finding) string {
	return strings.TrimPrefix(f.Got, string(f.State)+" because ")
}

// bad is a finding to act on.
func (p *page) bad(f preflight.Finding) {
	word, color := "BLOCK", red
	switch {
	case f.State == preflight.Ignored:
		word, color = "ignored", yellow
	case f.Severity == preflight.Warn:
		word, color = "warn", yellow
	case f.Severity == preflight.Info:
		word, color = "info", cyan
	}
	p.block(word, color, f.ID, f.Title)
	p.detail("got", f.Got, Columns-margin-6)
	p.detail("want", f.Want, Columns-margin-6)
	// A hint is there to be pasted: it is never broken.
	p.detail("hint", f.Hint, 0)
}

func (p *page) block(word, color string, id preflight.ID, text string) {
	for i, line := range format.Wrap(text, Columns-margin) {
		if i == 0 {
			fmt.Fprintf(&p.buf, "  %s  %s  %s\n", p.paint(color, format.Pad(word, stateWidth)), format.Pad(string(id), idWidth), line)
			continue
		}
		fmt.Fprintf(&p.buf, "%*s%s\n", margin, "", line)
	}
}

// detail writes a labelled text, broken at width, or by its own lines only
// when width is 0.
func (p *page) detail(label, text string, width int) {
	if text == "" {
		return
	}
	lines := format.Lines(text)
	if width > 0 {
		lines = format.Wrap(text, width)
	}
	for i, line := range lines {
		if i > 0 {
			label = ""
		}
		fmt.Fprintf(&p.buf, "%*s%s  %s\n", margin, "", p.paint(dim, format.Pad(label, 4)), line)
	}
}

// verdict counts, and says how to go on.
func (p *page) verdict(r preflight.Report) {
	fmt.Fprintf(&p.buf, "\n%s\n", counts(r))
	blocks := r.Blocks()
	if len(blocks) == 0 {
		fmt.Fprintf(&p.buf, "%s\n", p.paint(green, "Nothing blocks."))
		return
	}
	var all, can []string
	for _, f := range blocks {
		all = append(all, string(f.ID))
		if !f.Strict {
			can = append(can, string(f.ID))
		}
	}
	fmt.Fprintf(&p.buf, "%s\n", p.paint(red, "Blocked by "+strings.Join(all, ", ")+"."))
	if len(can) > 0 {
		fmt.Fprintf(&p.buf, "To take the risk where that is possible: --ignore %s\n", strings.Join(can, ","))
	}
	fmt.Fprintf(&p.buf, "Each check is explained in docs/preflight.md.\n")
}

// counts says how many findings there are of each kind, leaving out none.
func counts(r preflight.Report) string {
	var parts []string
	for _, kind := range []string{"block", "warn", "info", "ignored", "unknown", "skipped", "ok"} {
		n := 0
		for _, f := range r.Findings {
			if kindOf(f) == kind {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, kind))
		}
	}
	return fmt.Sprintf("%d checks: %s", len(r.Findings), cmp.Or(strings.Join(parts, ", "), "none"))
}

func kindOf(f preflight.Finding) string {
	if f.State == preflight.Bad {
		return string(f.Severity)
	}
	return string(f.State)
}

func (p *page) paint(color, text string) string {
	if !p.color || strings.TrimSpace(text) == "" {
		return text
	}
	return color + text + reset
}
