package tui

import "github.com/sentryctl/sentryctl/internal/ui/format"

// maxLog and maxLogWidth bound what the log pane remembers.
const (
	maxLog      = 500
	maxLogWidth = 500
)

type logKind int

const (
	output logKind = iota
	info
	warn
	hint
)

type logLine struct {
	source, text string
	kind         logKind
}

// logPane is the end of what was said, and where the reader has scrolled to.
type logPane struct {
	ring   []logLine
	next   int // where the next line goes once the ring is full
	up     int // lines between the pane's end and the newest line
	hidden bool
}

func (p *logPane) add(l logLine) {
	l.source, l.text = format.Cut(l.source, maxLogWidth, "…"), format.Cut(l.text, maxLogWidth, "…")
	if len(p.ring) < maxLog {
		p.ring = append(p.ring, l)
	} else {
		p.ring[p.next] = l
		p.next = (p.next + 1) % maxLog
	}
	if p.up > 0 { // stay where the reader reads
		p.scroll(1)
	}
}

// scroll moves the pane towards older lines, or newer ones for n < 0.
func (p *logPane) scroll(n int) { p.up = min(max(p.up+n, 0), max(len(p.ring)-1, 0)) }

// last returns at most n lines that end up lines before the newest.
func (p *logPane) last(n, up int) []logLine {
	end := len(p.ring) - up
	begin := max(0, end-n)
	if p.up > 0 && up > 0 && begin == 0 {
		end = min(len(p.ring), n) // scrolled to the top: fill the pane
	}
	out := make([]logLine, 0, max(0, end-begin))
	for i := begin; i < end; i++ {
		out = append(out, p.ring[(p.next+i)%len(p.ring)])
	}
	return out
}
