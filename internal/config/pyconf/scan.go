// Package pyconf puts a marked block of settings into sentry.conf.py and keeps
// every other byte. It knows as much of Python's lexical grammar as it takes
// to be sure that the block stands between two statements at the top level:
// strings of every kind, comments, brackets, continued lines, indentation. It
// does not run or understand the code.
package pyconf

import (
	"bytes"
	"fmt"
	"strings"
)

// SyntaxError says where a file is not what the block could be put into.
type SyntaxError struct {
	Line int // 1-based
	Text string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Text) }

// statement is one logical line.
type statement struct {
	start  int    // offset of its first character behind the indentation
	indent int    // bytes before it
	first  string // its first word or character
	last   byte   // its last character that is no comment or blank
}

// scanner walks the text once.
type scanner struct {
	src        []byte
	pos        int
	brackets   []byte // the open ones
	statements []statement
	comments   []int // offsets of the comments that begin a line at the top level
	open       bool  // a logical line has begun and not ended
	literals   []span
	pairs      []span // matching brackets, the inner before the outer
	opened     []int  // offsets of the open brackets
}

// span is src[start:end].
type span struct{ start, end int }

// scan reads the whole file.
func scan(src []byte) (*scanner, error) {
	s := &scanner{src: src}
	if bytes.HasPrefix(src, []byte("\ufeff")) {
		s.pos = 3
	}
	if i := bytes.IndexByte(src, 0); i >= 0 {
		return nil, s.errorAt(i, "a zero byte")
	}
	if i := loneReturn(src); i >= 0 {
		return nil, s.errorAt(i, "a carriage return that ends no line")
	}
	for s.pos < len(s.src) {
		if err := s.step(); err != nil {
			return nil, err
		}
	}
	if n := len(s.brackets); n > 0 {
		return nil, s.errorAt(len(src), fmt.Sprintf("the file ends inside an open %c", s.brackets[n-1]))
	}
	return s, nil
}

func (s *scanner) errorAt(pos int, text string) error {
	return &SyntaxError{Line: s.lineOf(pos), Text: text}
}

// loneReturn finds a \r without its \n. Python takes it for a line end, most
// editors do not: what they show as one line may be two.
func loneReturn(src []byte) int {
	for i, c := range src {
		if c == '\r' && (i+1 == len(src) || src[i+1] != '\n') {
			return i
		}
	}
	return -1
}

func (s *scanner) lineOf(pos int) int {
	return 1 + bytes.Count(s.src[:min(pos, len(s.src))], []byte("\n"))
}

// step reads one token, blank or line end.
func (s *scanner) step() error {
	c := s.src[s.pos]
	switch {
	case c == '\n' || c == '\r':
		if len(s.brackets) == 0 {
			s.open = false
		}
		s.pos++
		return nil
	case c == ' ' || c == '\t' || c == '\f':
		s.pos++
		return nil
	case c == '#':
		if !s.open && s.column() == 0 {
			s.comments = append(s.comments, s.pos)
		}
		s.pos = s.lineEnd(s.pos)
		return nil
	case c == '\\':
		return s.continuation()
	}
	s.begin()
	return s.token(c)
}

// column returns how far into its line the scanner is, in bytes.
func (s *scanner) column() int {
	start := bytes.LastIndexAny(s.src[:s.pos], "\n\r") + 1
	if start == 0 && bytes.HasPrefix(s.src, []byte("\ufeff")) {
		start = 3
	}
	return s.pos - start
}

func (s *scanner) lineEnd(pos int) int {
	if i := bytes.IndexAny(s.src[pos:], "\n\r"); i >= 0 {
		return pos + i
	}
	return len(s.src)
}

// continuation reads a backslash, which must end its line, and not the file.
func (s *scanner) continuation() error {
	rest := s.src[s.pos+1:]
	n := 1
	if bytes.HasPrefix(rest, []byte("\r\n")) {
		n = 2
	}
	if len(rest) == 0 || (rest[0] != '\n' && rest[0] != '\r') {
		return s.errorAt(s.pos, "a backslash that does not end its line")
	}
	if len(rest) == n {
		return s.errorAt(s.pos, "the file ends in a continued line")
	}
	s.begin()
	s.pos += 1 + n
	return nil
}

// begin opens a logical line, if none is open.
func (s *scanner) begin() {
	if s.open {
		return
	}
	s.open = true
	end := s.pos
	for end < len(s.src) && isWord(s.src[end]) {
		end++
	}
	first := string(s.src[s.pos:max(end, s.pos+1)])
	s.statements = append(s.statements, statement{start: s.pos, indent: s.column(), first: first})
}

// token reads a word, string, bracket or operator.
func (s *scanner) token(c byte) error {
	st := &s.statements[len(s.statements)-1]
	start := s.pos
	switch {
	case isWord(c):
		for s.pos < len(s.src) && isWord(s.src[s.pos]) {
			s.pos++
		}
		if s.pos < len(s.src) && isQuote(s.src[s.pos]) {
			if prefix := strings.ToLower(string(s.src[start:s.pos])); isPrefix(prefix) {
				if err := s.str(prefix); err != nil {
					return err
				}
			}
		}
	case isQuote(c):
		if err := s.str(""); err != nil {
			return err
		}
		s.literals = append(s.literals, span{start, s.pos})
	case strings.IndexByte("([{", c) >= 0:
		s.brackets = append(s.brackets, c)
		s.opened = append(s.opened, s.pos)
		s.pos++
	case strings.IndexByte(")]}", c) >= 0:
		n := len(s.brackets)
		if n == 0 || closing(s.brackets[n-1]) != c {
			return s.errorAt(s.pos, fmt.Sprintf("a %c that nothing opened", c))
		}
		s.pos++
		s.pairs = append(s.pairs, span{s.opened[n-1], s.pos})
		s.brackets, s.opened = s.brackets[:n-1], s.opened[:n-1]
	default:
		s.pos++
	}
	st.last = s.src[s.pos-1]
	return nil
}

func closing(open byte) byte { return ")]}"[strings.IndexByte("([{", open)] }

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func isQuote(c byte) bool { return c == '\'' || c == '"' }

func isPrefix(s string) bool {
	switch s {
	case "r", "u", "b", "f", "t", "br", "rb", "fr", "rf", "tr", "rt":
		return true
	}
	return false
}
