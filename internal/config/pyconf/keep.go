package pyconf

import (
	"bytes"
	"slices"
	"strings"
)

// Statements returns the statements at the top level of src, each with its
// body and without the lines between two of them. Comments that stand between
// statements are left out.
func Statements(src []byte) ([]string, error) {
	s, err := scan(src)
	if err != nil {
		return nil, err
	}
	var out []string
	for i, st := range s.statements {
		if st.indent > 0 || slices.Contains([]string{"elif", "else", "except", "finally"}, st.first) {
			continue
		}
		end := len(src)
		for _, next := range s.statements[i+1:] {
			if next.indent == 0 && !slices.Contains([]string{"elif", "else", "except", "finally"}, next.first) {
				end = next.start
				break
			}
		}
		out = append(out, withoutTail(string(src[st.start:end])))
	}
	return out, nil
}

// withoutTail takes off the blank lines and comments that follow a statement.
func withoutTail(text string) string {
	lines := strings.Split(strings.TrimRight(text, " \t\r\n"), "\n")
	for n := len(lines); n > 1; n = len(lines) {
		if last := strings.TrimSpace(lines[n-1]); last != "" && !strings.HasPrefix(lines[n-1], "#") {
			break
		}
		lines = lines[:n-1]
	}
	return strings.TrimRight(strings.Join(lines, "\n"), " \t\r")
}

// Behind puts lines right behind the block, where they win over what it sets.
func Behind(src []byte, lines []string) ([]byte, error) {
	before, after, found, err := split(src)
	if err != nil || len(lines) == 0 {
		return src, err
	}
	newline := lineBreak(src)
	var out bytes.Buffer
	if found {
		out.Write(src[:len(src)-len(after)])
	} else {
		out.Write(before)
	}
	if b := out.Bytes(); len(b) > 0 && !bytes.HasSuffix(b, []byte("\n")) {
		out.WriteString(newline)
	}
	for _, l := range lines {
		out.WriteString(strings.ReplaceAll(strings.ReplaceAll(l, "\r\n", "\n"), "\n", newline) + newline)
	}
	out.Write(after)
	return out.Bytes(), Check(out.Bytes())
}

// Target returns what a statement sets, such as A or A["b"]: what stands
// before its first = or, where it calls a method, before the call.
func Target(statement string) string {
	end := strings.IndexByte(statement, '=')
	if call := strings.Index(statement, ".update("); call >= 0 && (end < 0 || call < end) {
		end = call
	}
	if end < 0 {
		return strings.TrimSpace(statement)
	}
	return strings.TrimSpace(statement[:end])
}
