package option

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseText(t *testing.T) {
	one, nine := 1, 9
	enum := Option{Type: Enum, Values: []string{"a", "b"}}
	cases := []struct {
		name string
		o    Option
		in   string
		want any
		err  string
	}{
		{"port", Option{Type: Port}, "443", 443, ""},
		{"port too high", Option{Type: Port}, "65536", nil, `want a port from 1 to 65535, got "65536"`},
		{"bool", Option{Type: Bool}, "true", true, ""},
		{"bool as word", Option{Type: Bool}, "on", nil, `want true or false, got "on"`},
		{"int in range", Option{Type: Int, Min: &one, Max: &nine}, "9", 9, ""},
		{"int out of range", Option{Type: Int, Min: &one, Max: &nine}, "10", nil, `want a whole number from 1 to 9, got "10"`},
		{"enum", enum, "b", "b", ""},
		{"not of the enum", enum, "c", nil, `want one of a, b, got "c"`},
		{"origin", Option{Type: Origin}, "https://s.example.com/", "https://s.example.com", ""},
		{"origin with a path", Option{Type: Origin}, "https://s.example.com/x", nil, `want a URL of scheme, host and port alone, such as https://sentry.example.com, got "https://s.example.com/x"`},
		{"origin with login", Option{Type: Origin}, "https://u:p@s", nil, `want a URL of scheme, host and port alone, such as https://sentry.example.com, got "https://u:p@s"`},
		{"bind", Option{Type: Bind}, "[::1]:9000", "[::1]:9000", ""},
		{"bind to a name", Option{Type: Bind}, "localhost:9000", nil, `want PORT or IP:PORT, such as 9000 or 127.0.0.1:9000, got "localhost:9000"`},
		{"networks", Option{Type: CIDRs}, "10.0.0.0/8, fc00::/7", []string{"10.0.0.0/8", "fc00::/7"}, ""},
		{"no network", Option{Type: CIDRs}, "10.0.0.0", nil, `want a list of networks such as 10.0.0.0/8, got "10.0.0.0"`},
		{"list as YAML", Option{Type: List}, "['a,b', c]", []string{"a,b", "c"}, ""},
		{"mapping", Option{Type: Map}, "{a: 1}", map[string]any{"a": 1}, ""},
		{"duration", Option{Type: Duration}, "1m30s", "1m30s", ""},
		{"days", Option{Type: Days}, "0", nil, `want a number of days, 1 or more, got "0"`},
		{"e-mail", Option{Type: Email}, "a b@x", nil, `want an e-mail address such as admin@example.com, got "a b@x"`},
		{"mailbox", Option{Type: Mailbox}, "Sentry <s@example.com>", "Sentry <s@example.com>", ""},
		{"host of digits", Option{Type: Host}, "10.0.0", nil, `want a host name or IP address, got "10.0.0"`},
		{"secret is not shown", Option{Type: Port, Secret: true}, "s3cret", nil, `want a port from 1 to 65535`},
		{"two lines", Option{Type: String}, "a\nb", nil, "want a string on one line"},
		{"text of two lines", Option{Type: Text}, "a\nb", "a\nb", ""},
		{"alias", Option{Type: Map}, "{a: &x 1, b: *x}", nil, "anchors and aliases are not read here"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.o.ParseText(c.in)
			text := ""
			if err != nil {
				text = err.Error()
			}
			if text != c.err {
				t.Errorf("error: got %q, want %q", text, c.err)
			}
			if diff := cmp.Diff(got, c.want); diff != "" {
				t.Errorf("(-got +want):\n%s", diff)
			}
		})
	}
}
