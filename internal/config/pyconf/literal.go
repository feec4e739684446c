package pyconf

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Literal writes v as Python. Strings are plain ASCII, whatever they hold, so
// that they mean the same in a file of any encoding.
func Literal(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "None", nil
	case bool:
		if v {
			return "True", nil
		}
		return "False", nil
	case int:
		return strconv.Itoa(v), nil
	case float64:
		return float(v), nil
	case string:
		return str(v), nil
	case []string:
		return sequence(v)
	case []any:
		return sequence(v)
	case map[string]any:
		return dict(v)
	case map[any]any: // what YAML makes of keys that are no strings
		return dict(v)
	default:
		return "", fmt.Errorf("a %T cannot be written as Python", v)
	}
}

func sequence[T any](list []T) (string, error) {
	items := make([]string, len(list))
	for i, v := range list {
		s, err := Literal(v)
		if err != nil {
			return "", err
		}
		items[i] = s
	}
	return "[" + strings.Join(items, ", ") + "]", nil
}

func dict[K comparable](m map[K]any) (string, error) {
	var items []string
	for k, v := range m {
		key, err := Literal(k)
		if err != nil {
			return "", err
		}
		value, err := Literal(v)
		if err != nil {
			return "", err
		}
		items = append(items, key+": "+value)
	}
	slices.Sort(items)
	return "{" + strings.Join(items, ", ") + "}", nil
}

func float(v float64) string {
	s := strconv.FormatFloat(v, 'g', -1, 64)
	switch s {
	case "NaN", "+Inf", "-Inf":
		return `float("` + strings.ToLower(s) + `")`
	}
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return s
}

func str(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r >= ' ' && r < 0x7f:
			b.WriteRune(r)
		case r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String() + `"`
}
