package conf

import "strings"

type kind int

const (
	name kind = iota
	text
	number
	op
)

// token is one word of a Python file. An opaque string is one whose value
// only Python knows (an f-string).
type token struct {
	kind   kind
	val    string
	opaque bool
}

// line is one logical line: a statement that may span brackets and
// backslashes.
type line struct {
	indent int
	toks   []token
}

// lexer cuts a Python file into logical lines. It is lenient: what it does
// not know becomes an operator, which no assignment that we read contains.
type lexer struct {
	src   string
	pos   int
	depth int
	lines []line
	cur   line
}

func lex(src string) []line {
	l := &lexer{src: strings.ReplaceAll(src, "\r\n", "\n")}
	l.startLine()
	for l.pos < len(l.src) {
		l.next()
	}
	l.endLine()
	return l.lines
}

func (l *lexer) next() {
	c := l.src[l.pos]
	switch {
	case c == '\n':
		l.pos++
		if l.depth == 0 {
			l.endLine()
			l.startLine()
		}
	case c == ' ' || c == '\t' || c == '\f':
		l.pos++
	case c == '\\' && strings.HasPrefix(l.src[l.pos:], "\\\n"):
		l.pos += 2
	case c == '#':
		l.skipComment()
	case c == '"' || c == '\'':
		l.str("")
	case isNameByte(c) && (c < '0' || c > '9'):
		l.name()
	case c >= '0' && c <= '9':
		l.word(number)
	default:
		l.op(c)
	}
}

func (l *lexer) startLine() {
	l.cur = line{}
	for l.pos < len(l.src) && (l.src[l.pos] == ' ' || l.src[l.pos] == '\t') {
		l.cur.indent++
		l.pos++
	}
}

func (l *lexer) endLine() {
	if len(l.cur.toks) > 0 {
		l.lines = append(l.lines, l.cur)
	}
	l.cur = line{}
}

func (l *lexer) skipComment() {
	if i := strings.IndexByte(l.src[l.pos:], '\n'); i >= 0 {
		l.pos += i
	} else {
		l.pos = len(l.src)
	}
}

func (l *lexer) op(c byte) {
	switch c {
	case '(', '[', '{':
		l.depth++
	case ')', ']', '}':
		l.depth = max(0, l.depth-1)
	}
	val := string(c)
	for _, two := range []string{"==", "+=", "|=", "-=", "*=", "/=", "!=", "<=", ">=", "**", "//", "->", ":="} {
		if strings.HasPrefix(l.src[l.pos:], two) {
			val = two
		}
	}
	l.pos += len(val)
	l.add(token{kind: op, val: val})
}

func (l *lexer) add(t token) { l.cur.toks = append(l.cur.toks, t) }

func (l *lexer) word(k kind) string {
	start := l.pos
	for l.pos < len(l.src) && (isNameByte(l.src[l.pos]) || k == number && l.src[l.pos] == '.') {
		l.pos++
	}
	w := l.src[start:l.pos]
	if k == number {
		l.add(token{kind: k, val: w})
	}
	return w
}

// name reads a name or the prefix of a string.
func (l *lexer) name() {
	w := l.word(name)
	if l.pos < len(l.src) && (l.src[l.pos] == '"' || l.src[l.pos] == '\'') && len(w) <= 2 && strings.Trim(strings.ToLower(w), "rbuf") == "" {
		l.str(strings.ToLower(w))
		return
	}
	l.add(token{kind: name, val: w})
}

func (l *lexer) str(prefix string) {
	quote := l.src[l.pos : l.pos+1]
	if strings.HasPrefix(l.src[l.pos:], strings.Repeat(quote, 3)) {
		quote = strings.Repeat(quote, 3)
	}
	l.pos += len(quote)
	var b strings.Builder
	for l.pos < len(l.src) && !strings.HasPrefix(l.src[l.pos:], quote) {
		c := l.src[l.pos]
		if c == '\n' && len(quote) == 1 {
			break // not closed: end it with its line
		}
		if c == '\\' && l.pos+1 < len(l.src) && !strings.Contains(prefix, "r") {
			l.pos++
			b.WriteString(unescape(l.src[l.pos]))
		} else {
			b.WriteByte(c)
		}
		l.pos++
	}
	if strings.HasPrefix(l.src[l.pos:], quote) {
		l.pos += len(quote)
	}
	l.add(token{kind: text, val: b.String(), opaque: strings.Contains(prefix, "f")})
}

func unescape(c byte) string {
	switch c {
	case 'n':
		return "\n"
	case 't':
		return "\t"
	case '\n':
		return ""
	case '\\', '\'', '"':
		return string(c)
	}
	return "\\" + string(c)
}

func isNameByte(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= 0x80
}
