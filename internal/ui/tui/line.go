package tui

import (
	"strings"

	"github.com/sentryctl/sentryctl/internal/ui/format"
)

// The colours are the terminal's own sixteen, so that they fit its theme.
const (
	none   = ""
	bold   = "1"
	dim    = "2"
	red    = "1;31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
)

// A span is text in one colour; a line is what stands on one row.
type (
	span struct{ text, color string }
	line []span
)

func text(s string) line { return line{{s, none}} }

func paint(s, color string) line { return line{{s, color}} }

func (l line) width() int {
	w := 0
	for _, s := range l {
		w += format.Width(s.text)
	}
	return w
}

// cut shortens the line to width columns.
func (l line) cut(width int) line {
	if l.width() <= width {
		return l
	}
	out := line{}
	for _, s := range l {
		w := format.Width(s.text)
		if w > width || w == width && len(out) < len(l)-1 {
			return append(out, span{format.Cut(s.text+"…", width, "…"), s.color})
		}
		out = append(out, s)
		width -= w
	}
	return out
}

func (l line) render(color bool) string {
	var b strings.Builder
	for _, s := range l {
		if !color || s.color == none || s.text == "" {
			b.WriteString(s.text)
			continue
		}
		b.WriteString("\x1b[" + s.color + "m" + s.text + "\x1b[0m")
	}
	return b.String()
}

func join(parts ...line) line {
	var out line
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// spread puts right at the right edge. Where both do not fit, right gives way
// down to a third of the width, then left is cut.
func spread(left, right line, width int) line {
	room := width - left.width() - 2
	if right.width() > room {
		right = right.cut(max(room, width/3))
	}
	left = left.cut(max(0, width-right.width()-2))
	return join(left, text(strings.Repeat(" ", max(0, width-left.width()-right.width()))), right)
}

// bar draws part (0 to 1) of width columns. It is full only when part is 1.
func bar(part float64, width int, color string) line {
	width = max(width, 0)
	full := min(max(int(part*float64(width)), 0), width)
	return line{{strings.Repeat("━", full), color}, {strings.Repeat("╌", width-full), dim}}
}

// toASCII stands in for the few other characters that the view uses.
var toASCII = strings.NewReplacer("━", "#", "╌", "-", "─", "-", "✓", "+", "✗", "x", "–", "-", "·", ".", "…", "~",
	"↑", "Up", "↓", "Down", "│", "|",
	"⠋", "|", "⠙", "/", "⠹", "-", "⠸", "\\", "⠼", "|", "⠴", "/", "⠦", "-", "⠧", "\\", "⠇", "|", "⠏", "/")

var spinner = [...]string{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"}
