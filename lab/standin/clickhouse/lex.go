package clickhouse

import (
	"strings"
	"unicode"
)

type tokenKind int

const (
	tokEnd tokenKind = iota
	tokWord
	tokQuoted // an identifier in backquotes or double quotes
	tokString
	tokNumber
	tokMark
)

type token struct {
	kind tokenKind
	text string // without quotes
	end  int    // offset behind the token
}

// lex reads the token at or after offset pos. What follows INSERT … FORMAT is
// data and no SQL, so tokens are read one by one, on demand.
func lex(src string, pos int) (token, error) {
	pos = skipBlank(src, pos)
	if pos >= len(src) {
		return token{kind: tokEnd, end: pos}, nil
	}
	c := src[pos]
	switch {
	case c == '\'' || c == '"' || c == '`':
		text, end, ok := unquote(src, pos)
		if !ok {
			return token{}, fail(62, "SYNTAX_ERROR", "Syntax error: the quote at position %d is not closed", pos+1)
		}
		if c == '\'' {
			return token{tokString, text, end}, nil
		}
		return token{tokQuoted, text, end}, nil
	case isWordStart(c):
		return word(src, pos, tokWord, func(b byte) bool { return isWordStart(b) || isDigit(b) }), nil
	case isDigit(c), c == '-' && pos+1 < len(src) && isDigit(src[pos+1]):
		return word(src, pos, tokNumber, func(b byte) bool { return isDigit(b) || b == '.' || b == 'e' || b == 'x' }), nil
	}
	for _, m := range []string{"!=", "<>", "<=", ">=", "==", "||"} {
		if strings.HasPrefix(src[pos:], m) {
			return token{tokMark, m, pos + 2}, nil
		}
	}
	return token{tokMark, string(c), pos + 1}, nil
}

func word(src string, pos int, kind tokenKind, in func(byte) bool) token {
	end := pos + 1
	for end < len(src) && in(src[end]) {
		end++
	}
	return token{kind, src[pos:end], end}
}

func isDigit(b byte) bool     { return b >= '0' && b <= '9' }
func isWordStart(b byte) bool { return b == '_' || b >= 0x80 || unicode.IsLetter(rune(b)) }

func skipBlank(src string, pos int) int {
	for pos < len(src) {
		switch {
		case unicode.IsSpace(rune(src[pos])):
			pos++
		case strings.HasPrefix(src[pos:], "--"):
			pos = after(src, pos, "\n")
		case strings.HasPrefix(src[pos:], "/*"):
			pos = after(src, pos, "*/")
		default:
			return pos
		}
	}
	return pos
}

func after(src string, pos int, end string) int {
	if i := strings.Index(src[pos:], end); i >= 0 {
		return pos + i + len(end)
	}
	return len(src)
}

// unquote reads the quoted text at pos; a quote inside is doubled or escaped.
func unquote(src string, pos int) (text string, end int, ok bool) {
	quote, b := src[pos], strings.Builder{}
	for i := pos + 1; i < len(src); i++ {
		switch c := src[i]; {
		case c == '\\' && i+1 < len(src):
			i++
			b.WriteByte(unescape(src[i]))
		case c == quote && i+1 < len(src) && src[i+1] == quote:
			i++
			b.WriteByte(quote)
		case c == quote:
			return b.String(), i + 1, true
		default:
			b.WriteByte(c)
		}
	}
	return "", len(src), false
}

func unescape(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 't':
		return '\t'
	case 'r':
		return '\r'
	case '0':
		return 0
	}
	return c
}

// split cuts a text of several statements at semicolons outside quotes.
func split(src string) []string {
	var parts []string
	start := 0
	for pos := 0; ; {
		t, err := lex(src, pos)
		if err != nil || t.kind == tokEnd {
			break
		}
		pos = t.end
		if t.kind == tokMark && t.text == ";" {
			parts = append(parts, src[start:pos-1])
			start = pos
		}
	}
	parts = append(parts, src[start:])
	var full []string
	for _, p := range parts {
		if skipBlank(p, 0) < len(p) {
			full = append(full, strings.TrimSpace(p))
		}
	}
	return full
}
