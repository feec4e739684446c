// Package envfile reads and writes variable files such as .env and .env.custom
// as Docker Compose understands them: quotes, escapes, comments, values of
// several lines. It keeps the lines of an admin byte for byte. It does not
// interpolate: a value that names another variable is returned as it stands.
package envfile

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Entry is one variable of a file.
type Entry struct {
	Key   string
	Value string
	Line  int // 1-based, of the key
	// start and end bound the statement's bytes, its line end included.
	start, end int
}

// File is a parsed variable file.
type File struct {
	src     string
	Entries []Entry
}

var name = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)

// Parse reads src. A name without a value (Compose takes it from the
// environment) is an entry with an empty value.
func Parse(src []byte) (*File, error) {
	f := &File{src: strings.TrimPrefix(string(src), "\ufeff")}
	line := 1
	for pos := 0; pos < len(f.src); {
		e, next, err := statement(f.src, pos, line)
		if err != nil {
			return nil, err
		}
		line += strings.Count(f.src[pos:next], "\n")
		if e.Key != "" {
			f.Entries = append(f.Entries, e)
		}
		pos = next
	}
	return f, nil
}

// statement reads the line, or lines, that begin at pos.
func statement(src string, pos, line int) (Entry, int, error) {
	end := lineEnd(src, pos)
	text := strings.TrimSpace(src[pos:end])
	if text == "" || text[0] == '#' {
		return Entry{}, end, nil
	}
	e := Entry{Line: line, start: pos, end: end}
	body := strings.TrimPrefix(text, "export ")
	eq := strings.IndexAny(body, "=:")
	if eq < 0 {
		e.Key = strings.TrimSpace(body)
		return e, end, e.check()
	}
	e.Key = strings.TrimSpace(body[:eq])
	if err := e.check(); err != nil {
		return e, end, err
	}
	at := pos + strings.IndexAny(src[pos:end], "=:") + 1
	for at < len(src) && strings.ContainsRune(" \t\v\f\r", rune(src[at])) {
		at++
	}
	if at < len(src) && (src[at] == '\'' || src[at] == '"') {
		return quoted(src, at, e)
	}
	value, _, _ := strings.Cut(src[min(at, end):end], " #")
	e.Value = strings.ReplaceAll(strings.TrimSpace(value), "$$", "$")
	return e, end, nil
}

func (e Entry) check() error {
	if !name.MatchString(e.Key) {
		return fmt.Errorf("line %d: not of the form NAME=value", e.Line)
	}
	return nil
}

// quoted reads the value that begins with a quote at pos.
func quoted(src string, pos int, e Entry) (Entry, int, error) {
	quote := src[pos]
	for i := pos + 1; i < len(src); i++ {
		switch src[i] {
		case '\\':
			i++
		case quote:
			raw := src[pos+1 : i]
			if quote == '"' {
				e.Value = unescape(raw)
			} else {
				e.Value = strings.ReplaceAll(raw, `\'`, `'`)
			}
			e.end = lineEnd(src, i)
			return e, e.end, nil
		}
	}
	return e, 0, fmt.Errorf("line %d: %s: the quoted value has no end", e.Line, e.Key)
}

// lineEnd returns the offset behind the line that pos lies in.
func lineEnd(src string, pos int) int {
	if i := strings.IndexByte(src[pos:], '\n'); i >= 0 {
		return pos + i + 1
	}
	return len(src)
}

// Get returns the value of key: the last one counts.
func (f *File) Get(key string) (string, bool) {
	for _, e := range slices.Backward(f.Entries) {
		if e.Key == key {
			return e.Value, true
		}
	}
	return "", false
}

// Values returns every variable with the value that counts.
func (f *File) Values() map[string]string {
	out := make(map[string]string, len(f.Entries))
	for _, e := range f.Entries {
		out[e.Key] = e.Value
	}
	return out
}

// Without returns the file's bytes without the statements of the given keys.
func (f *File) Without(keys ...string) []byte {
	var b strings.Builder
	pos := 0
	for _, e := range f.Entries {
		if slices.Contains(keys, e.Key) {
			b.WriteString(f.src[pos:e.start])
			pos = e.end
		}
	}
	b.WriteString(f.src[pos:])
	return []byte(b.String())
}
