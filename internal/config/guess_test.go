package config

import (
	"strings"
	"testing"

	"github.com/sentryctl/sentryctl/internal/calver"
)

// An address that was guessed from the port goes with it; one that somebody
// wrote stays.
func TestGuessedAddressFollowsThePort(t *testing.T) {
	for name, c := range map[string]struct{ written, want string }{
		"guessed": {"", "system.url-prefix: 'http://127.0.0.1:9200'"},
		"written": {"http://sentry.example.com:9100", "system.url-prefix: 'http://sentry.example.com:9100'"},
	} {
		t.Run(name, func(t *testing.T) {
			in := RenderInput{Version: calver.MustParse("25.10.0"), Pristine: tree(), SecretKey: testKey, Host: "host.example.com"}
			in.Answers = Answers{Bind: "127.0.0.1:9100", URL: c.written}
			in.Disk = onto(tree(), render(t, in))
			in.Answers = Answers{Bind: "127.0.0.1:9200"}
			got := strings.ReplaceAll(string(render(t, in)[ymlPath].Data), `"`, "'")
			if !strings.Contains(got, c.want) {
				t.Errorf("got\n%s\nwant a line\n%s", got, c.want)
			}
		})
	}
}
