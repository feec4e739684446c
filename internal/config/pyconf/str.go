package pyconf

import (
	"bytes"
	"strings"
)

// str reads a string literal that begins at pos with its quote.
func (s *scanner) str(prefix string) error {
	start := s.pos
	quote := s.src[s.pos : s.pos+1]
	if triple := bytes.Repeat(quote, 3); bytes.HasPrefix(s.src[s.pos:], triple) {
		quote = triple
	}
	s.pos += len(quote)
	fields := strings.ContainsAny(prefix, "ft")
	for s.pos < len(s.src) {
		switch c := s.src[s.pos]; {
		case bytes.HasPrefix(s.src[s.pos:], quote):
			s.pos += len(quote)
			return nil
		case c == '\\': // also in a raw string it keeps the next quote from ending it
			s.escape()
		case (c == '\n' || c == '\r') && len(quote) == 1:
			return s.errorAt(start, "a string that does not end on its line")
		case fields && (bytes.HasPrefix(s.src[s.pos:], []byte("{{")) || bytes.HasPrefix(s.src[s.pos:], []byte("}}"))):
			s.pos += 2
		case fields && c == '{':
			if err := s.field(quote); err != nil {
				return err
			}
		default:
			s.pos++
		}
	}
	return s.errorAt(start, "a string that does not end")
}

// escape steps over a backslash and what it escapes.
func (s *scanner) escape() {
	s.pos++
	if bytes.HasPrefix(s.src[s.pos:], []byte("\r\n")) {
		s.pos++
	}
	s.pos = min(s.pos+1, len(s.src))
}

// field reads a replacement field {…} of a formatted string. Since Python
// 3.12 its expression may hold any string; before, none with the quotes of the
// string around it, so that reading it the new way reads both.
func (s *scanner) field(quote []byte) error {
	start := s.pos
	s.pos++
	var depth []byte
	for s.pos < len(s.src) {
		switch c := s.src[s.pos]; {
		case c == '}' && len(depth) == 0:
			s.pos++
			return nil
		case c == ':' && len(depth) == 0:
			return s.format(start, quote)
		case strings.IndexByte("([{", c) >= 0:
			depth = append(depth, c)
			s.pos++
		case strings.IndexByte(")]}", c) >= 0:
			n := len(depth)
			if n == 0 || closing(depth[n-1]) != c {
				return s.errorAt(s.pos, "brackets that do not match in a formatted string")
			}
			depth = depth[:n-1]
			s.pos++
		case isWord(c), isQuote(c):
			if err := s.inner(); err != nil {
				return err
			}
		case c == '#':
			s.pos = s.lineEnd(s.pos)
		default:
			s.pos++
		}
	}
	return s.errorAt(start, "a formatted string that does not end")
}

// inner reads a word or a string inside of a replacement field.
func (s *scanner) inner() error {
	start := s.pos
	for s.pos < len(s.src) && isWord(s.src[s.pos]) {
		s.pos++
	}
	prefix := strings.ToLower(string(s.src[start:s.pos]))
	if s.pos < len(s.src) && isQuote(s.src[s.pos]) && (prefix == "" || isPrefix(prefix)) {
		return s.str(prefix)
	}
	return nil
}

// format reads the format part of a replacement field, behind its colon.
func (s *scanner) format(start int, quote []byte) error {
	for s.pos < len(s.src) {
		switch c := s.src[s.pos]; {
		case c == '}':
			s.pos++
			return nil
		case c == '{':
			if err := s.field(quote); err != nil {
				return err
			}
		case bytes.HasPrefix(s.src[s.pos:], quote), (c == '\n' || c == '\r') && len(quote) == 1:
			return s.errorAt(start, "a formatted string that does not end")
		default:
			s.pos++
		}
	}
	return s.errorAt(start, "a formatted string that does not end")
}
