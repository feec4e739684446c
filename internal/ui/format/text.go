package format

import (
	"strings"
	"unicode"

	"github.com/charmbracelet/x/ansi"
)

// Clean makes one line of foreign text harmless to show: no escape sequences
// (a container's output must not drive the admin's terminal), no control or
// direction characters, valid UTF-8. Of a line that was overwritten with
// carriage returns, what was last visible stays.
func Clean(s string) string {
	if harmless(s) {
		return s
	}
	s = ansi.Strip(strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.TrimRight(s, "\r\n")
	if i := strings.LastIndexByte(s, '\r'); i >= 0 {
		s = s[i+1:]
	}
	return strings.Map(cleanRune, s)
}

func harmless(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

func cleanRune(r rune) rune {
	switch {
	case r == '\t' || r == '\n' || r == '\u2028' || r == '\u2029':
		return ' '
	case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
		return -1
	}
	return r
}

// Lines splits text into clean lines without trailing blanks and empty lines
// at its end.
func Lines(s string) []string {
	var out []string
	for line := range strings.SplitSeq(strings.TrimRight(s, " \t\r\n"), "\n") {
		out = append(out, strings.TrimRight(Clean(line), " "))
	}
	return out
}

// Wrap breaks text at blanks into lines of at most width columns. A word that
// is longer stays whole: half a path or command is of no use.
func Wrap(s string, width int) []string {
	var out []string
	for _, line := range Lines(s) {
		out = append(out, wrapLine(line, width)...)
	}
	return out
}

func wrapLine(line string, width int) []string {
	if fits(line, width) {
		return []string{line}
	}
	var out []string
	var cur strings.Builder
	used := 0
	for word := range strings.FieldsSeq(line) {
		w := Width(word)
		if used > 0 && used+1+w > width {
			out = append(out, cur.String())
			cur.Reset()
			used = 0
		}
		if used > 0 {
			cur.WriteByte(' ')
			used++
		}
		cur.WriteString(word)
		used += w
	}
	return append(out, cur.String())
}

func fits(line string, width int) bool { return len(line) <= width || Width(line) <= width }

// Width returns the columns that s takes on a terminal.
func Width(s string) int {
	if harmless(s) {
		return len(s)
	}
	return ansi.StringWidth(s)
}

// Cut shortens s to width columns and ends it with tail when it was longer.
func Cut(s string, width int, tail string) string {
	if fits(s, width) {
		return s
	}
	return ansi.Truncate(s, max(width, 0), cutTail(tail, width))
}

// CutLeft shortens s to width columns from its left, for names whose end says
// most (image references).
func CutLeft(s string, width int, head string) string {
	if fits(s, width) {
		return s
	}
	head = cutTail(head, width)
	room := max(width, 0) - Width(head)
	// No more bytes than can be shown: four per column hold any one letter,
	// the double of it most letters with marks.
	for i := range s {
		if tail := s[i:]; len(tail) <= 8*room && Width(tail) <= room {
			return head + tail
		}
	}
	return head
}

func cutTail(tail string, width int) string {
	if Width(tail) > width {
		return ""
	}
	return tail
}

// Pad fills s with blanks to width columns; a longer s stays as it is.
func Pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-Width(s)))
}

// PadLeft fills s with blanks on its left to width columns.
func PadLeft(s string, width int) string {
	return strings.Repeat(" ", max(0, width-Width(s))) + s
}
