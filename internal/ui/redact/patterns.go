package redact

import (
	"regexp"
	"strings"
)

// names are what a secret's key ends with, in lower case. A text that holds
// none of them is not looked at any further: most log lines.
var names = []string{"password", "passwd", "passphrase", "secret", "secret_key", "secret-key", "token", "api_key", "api-key", "apikey",
	"access_key", "access-key", "private_key", "private-key", "license_key", "license-key"}

var (
	// key=value, key: value, "key": "value"
	assigned = regexp.MustCompile(`(?i)((?:` + strings.Join(names, "|") + `)["']?[ \t]*[:=][ \t]*)("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s,;&"'}\])]+)`)
	// --password value
	flagged = regexp.MustCompile(`(?i)(--[a-z-]*(?:` + strings.Join(names, "|") + `)[ \t]+)([^\s-]\S*)`)
	// Authorization: Bearer value
	header = regexp.MustCompile(`(?i)(authorization["']?[ \t]*[:=][ \t]*["']?(?:(?:basic|bearer|digest|dsn|token)[ \t]+)?)([^\s"']+)`)
	// scheme://user:value@host, also a DSN with its secret part
	userinfo = regexp.MustCompile(`(://[^\s/:@]*:)([^\s/]+)(@)`)
	pem      = regexp.MustCompile(`(-----BEGIN [A-Z ]*PRIVATE KEY-----)[^-]*`)

	// a shell variable or a word in brackets is advice, not a secret
	placeholder = regexp.MustCompile(`^["']?(?:\$[A-Z_]+|\$\{[A-Z_]+[^}]*\}?|<[^>]*>?|\[redacted\]?)["']?$`)
)

func maskPatterns(text string) string {
	if strings.Contains(text, "://") {
		text = userinfo.ReplaceAllString(text, "${1}"+Mask+"${3}")
	}
	lower := strings.ToLower(text)
	if strings.Contains(lower, "authorization") {
		text = header.ReplaceAllString(text, "${1}"+Mask)
	}
	if strings.Contains(text, "PRIVATE KEY-----") {
		text = pem.ReplaceAllString(text, "${1}"+Mask)
	}
	if !holdsName(lower) {
		return text
	}
	return maskValues(flagged, maskValues(assigned, text))
}

func holdsName(lower string) bool {
	for _, n := range names {
		if strings.Contains(lower, n) {
			return true
		}
	}
	return false
}

// maskValues masks the second group of each match and keeps its quotes.
func maskValues(re *regexp.Regexp, text string) string {
	var out strings.Builder
	at := 0
	for _, m := range re.FindAllStringSubmatchIndex(text, -1) {
		value := text[m[4]:m[5]]
		if placeholder.MatchString(value) {
			continue
		}
		out.WriteString(text[at:m[4]])
		quote := ""
		if value[0] == '"' || value[0] == '\'' {
			quote = value[:1]
		}
		out.WriteString(quote + Mask + quote)
		at = m[5]
	}
	if at == 0 {
		return text
	}
	return out.String() + text[at:]
}
