package redact

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// MinSecret is the length in bytes below which a value is not searched for.
const MinSecret = 6

// forms returns the spellings in which a secret travels: as it is, each of its
// lines (logs are split at newlines), escaped for JSON, Go, URLs and the
// shell, and in base64, also inside a longer encoded text.
func forms(secret string) []string {
	secret = strings.TrimSpace(secret)
	if len(secret) < MinSecret {
		return nil
	}
	out := append(escaped(secret), encoded(secret)...)
	if strings.Contains(secret, "\n") {
		for line := range strings.SplitSeq(secret, "\n") {
			if line = strings.TrimSpace(line); len(line) >= MinSecret {
				out = append(out, escaped(line)...)
			}
		}
	}
	return out
}

func escaped(s string) []string {
	out := []string{
		s,
		unquote(strconv.Quote(s)),
		unquote(fmt.Sprintf("%+q", s)),
		url.QueryEscape(s),
		url.PathEscape(s),
		strings.ReplaceAll(s, `'`, `'\''`),
		strings.ReplaceAll(s, `'`, `'"'"'`),
		strings.ReplaceAll(s, `$`, `$$`), // Compose files
	}
	for _, html := range []bool{false, true} {
		var b strings.Builder
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(html)
		if enc.Encode(s) == nil {
			out = append(out, unquote(strings.TrimSuffix(b.String(), "\n")))
		}
	}
	return out
}

func unquote(s string) string { return s[1 : len(s)-1] }

// encoded returns the base64 of s, and that part of it which stays the same
// whatever stands around s (as in "user:password"), for each of the three ways
// in which s can lie on the 3-byte grid.
func encoded(s string) []string {
	var out []string
	for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		out = append(out, enc.EncodeToString([]byte(s)))
		for before := range 3 {
			grid := append(make([]byte, before), s...)
			whole := grid[:len(grid)/3*3]
			text := enc.EncodeToString(whole)
			if before > 0 {
				text = text[min(4, len(text)):]
			}
			if len(text) >= 2*MinSecret { // shorter ones may be ordinary words
				out = append(out, text)
			}
		}
	}
	return out
}
