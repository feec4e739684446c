package tui

import (
	"strings"
	"testing"
)

func TestChoose(t *testing.T) {
	for name, c := range map[string]struct{ typed, want string }{
		"a word":            {"theirs\n", "theirs"},
		"its first letter":  {"M\n", "mine"},
		"nothing":           {"\n", "stop"},
		"the end":           {"", "stop"},
		"a word at the end": {"mine", "mine"},
		"at second try":     {"ours\nmine\n", "mine"},
		"none at all":       {"a\nb\nc\nmine\n", "stop"},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			got, err := Choose(t.Context(), strings.NewReader(c.typed), &out, "Whose?", "mine", "theirs", "stop")
			if err != nil || got != c.want {
				t.Errorf("got %q, %v, want %q", got, err, c.want)
			}
			if !strings.HasPrefix(out.String(), "Whose? [mine/theirs/stop] ") {
				t.Errorf("shown: %q", out.String())
			}
		})
	}
}
