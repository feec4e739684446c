package pyconf

import (
	"bytes"
	"slices"
)

// The lines around what this program writes.
const (
	Begin = "# >>> sentryctl >>>"
	End   = "# <<< sentryctl <<<"
)

// Check tells why a block could not be put at the end of src, or nil.
func Check(src []byte) error {
	s, err := scan(src)
	if err != nil {
		return err
	}
	return s.complete()
}

// complete tells whether a statement may follow at the top level.
func (s *scanner) complete() error {
	if len(s.statements) == 0 {
		return nil
	}
	switch st := s.statements[len(s.statements)-1]; {
	case st.last == ':':
		return &SyntaxError{s.lineOf(st.start), "the last statement has no body"}
	case st.first == "@":
		return &SyntaxError{s.lineOf(st.start), "a decorator that decorates nothing"}
	}
	return nil
}

// SetBlock puts lines, each without its line end, between the marks at the end
// of src, or where the marks already are. No lines take the block away. Every
// byte outside of the block stays.
func SetBlock(src []byte, lines []string) ([]byte, error) {
	before, after, found, err := split(src)
	if err != nil {
		return nil, err
	}
	if len(lines) == 0 && !found {
		return src, nil
	}
	newline := lineBreak(src)
	var out bytes.Buffer
	out.Write(before)
	if !found && len(before) > 0 {
		if !bytes.HasSuffix(before, []byte("\n")) && !bytes.HasSuffix(before, []byte("\r")) {
			out.WriteString(newline)
		}
		out.WriteString(newline)
	}
	if len(lines) > 0 {
		for _, l := range slices.Concat([]string{Begin}, lines, []string{End}) {
			out.WriteString(l + newline)
		}
	}
	out.Write(after)
	// The whole must still be what it was meant to be.
	return out.Bytes(), Check(out.Bytes())
}

// Block returns the lines between the marks, nil when there are none.
func Block(src []byte) ([]byte, error) {
	before, after, found, err := split(src)
	if err != nil || !found {
		return nil, err
	}
	return src[len(before) : len(src)-len(after)], nil
}

// Follows tells on which line code stands behind the block: it wins over what
// the block sets. 0 means that none does.
func Follows(src []byte) (int, error) {
	_, after, found, err := split(src)
	if err != nil || !found {
		return 0, err
	}
	s, err := scan(src)
	if err != nil {
		return 0, err
	}
	for _, st := range s.statements {
		if st.start >= len(src)-len(after) {
			return s.lineOf(st.start), nil
		}
	}
	return 0, nil
}

// split takes the block out. Its marks are comments that fill a line between
// two statements at the top level.
func split(src []byte) (before, after []byte, found bool, err error) {
	s, err := scan(src)
	if err != nil {
		return nil, nil, false, err
	}
	begin, end, err := s.marks()
	switch {
	case err != nil:
		return nil, nil, false, err
	case begin < 0:
		return src, nil, false, s.complete()
	}
	stop := s.lineEnd(end)
	switch {
	case bytes.HasPrefix(src[stop:], []byte("\r\n")):
		stop += 2
	case stop < len(src):
		stop++
	}
	if err := Check(src[:begin]); err != nil {
		return nil, nil, false, err
	}
	for _, st := range s.statements {
		if st.start >= stop {
			if st.indent > 0 || slices.Contains([]string{"elif", "else", "except", "finally"}, st.first) {
				return nil, nil, false, &SyntaxError{s.lineOf(st.start), "the block of sentryctl stands in the middle of a statement"}
			}
			break
		}
	}
	return src[:begin], src[stop:], true, nil
}

// marks returns the offsets of the two marks, -1 when there are none.
func (s *scanner) marks() (begin, end int, err error) {
	begin, end = -1, -1
	for _, at := range s.comments {
		switch string(bytes.TrimRight(s.src[at:s.lineEnd(at)], " \t")) {
		case Begin:
			if begin >= 0 {
				return 0, 0, s.errorAt(at, "a second block of sentryctl")
			}
			begin = at
		case End:
			if begin < 0 || end >= 0 {
				return 0, 0, s.errorAt(at, "the end of a block of sentryctl that has no beginning")
			}
			end = at
		}
	}
	if begin >= 0 && end < 0 {
		return 0, 0, s.errorAt(begin, "a block of sentryctl that has no end")
	}
	return begin, end, nil
}

// lineBreak returns the line break that src uses.
func lineBreak(src []byte) string {
	if i := bytes.IndexByte(src, '\n'); i > 0 && src[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}
