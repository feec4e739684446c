package envfile

import (
	"regexp"
	"strings"
)

var bare = regexp.MustCompile(`^[A-Za-z0-9_./:@%+,=-]+$`)

// Quote returns value so that Compose reads back the same bytes, and so that
// a shell that sources the file, as upstream's scripts do, reads them too and
// runs nothing.
func Quote(value string) string {
	switch {
	case bare.MatchString(value):
		return value
	case !strings.Contains(value, "'") && trailing(value, '\\')%2 == 0:
		return "'" + value + "'"
	default:
		// A backtick would be run by a shell, and Compose knows no escape of
		// it but its number.
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "`", `\0140`).Replace(value) + `"`
	}
}

func trailing(s string, c byte) int {
	return len(s) - len(strings.TrimRight(s, string(c)))
}

var escape = regexp.MustCompile(`\\([abcfnrtv$"\\]|0[0-7]{0,3})`)

// unescape reads the escapes of a double-quoted value.
func unescape(s string) string {
	return escape.ReplaceAllStringFunc(s, func(m string) string {
		if m[1] == '0' && len(m) == 5 {
			return string(rune(m[2]-'0')<<6 | rune(m[3]-'0')<<3 | rune(m[4]-'0'))
		}
		if i := strings.IndexByte("abfnrtv", m[1]); i >= 0 {
			return string("\a\b\f\n\r\t\v"[i])
		}
		if strings.ContainsRune(`$"\`, rune(m[1])) {
			return m[1:]
		}
		return m
	})
}
