package upgrade

import (
	"os"
	"strings"
	"testing"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
)

// What an admin edits while a hop brings and copies is not taken back by it.
func TestEditsSinceTheMergeEndTheHop(t *testing.T) {
	own := tree{"docker-compose.yml": "old", ".env.custom": "PASSWORD=old", "docker-compose.override.yml": "x", "geoip/large.mmdb": strings.Repeat("x", editedBytes+1)}
	for name, c := range map[string]struct {
		edit  func(s *site.Site) error
		names string // "": the hop goes on
	}{
		"nothing":       {func(*site.Site) error { return nil }, ""},
		"our own files": {func(s *site.Site) error { return site.WriteFile(s.Own("upgrade", "x"), []byte("y"), 0o600) }, ""},
		"a large file": {func(s *site.Site) error {
			return os.WriteFile(s.Path("geoip/large.mmdb"), []byte(strings.Repeat("y", editedBytes+1)), 0o600)
		}, ""},
		"an edited file":  {func(s *site.Site) error { return os.WriteFile(s.Path(".env.custom"), []byte("PASSWORD=new"), 0o600) }, ".env.custom"},
		"a new file":      {func(s *site.Site) error { return os.WriteFile(s.Path("own.pem"), []byte("y"), 0o600) }, ""},
		"behind a link":   {func(s *site.Site) error { return os.WriteFile(s.Path("../elsewhere"), []byte("y"), 0o600) }, "linked.conf"},
		"in the way":      {func(s *site.Site) error { return os.WriteFile(s.Path("new.conf"), []byte("y"), 0o600) }, "new.conf"},
		"a file too less": {func(s *site.Site) error { return os.Remove(s.Path("docker-compose.override.yml")) }, "docker-compose.override.yml"},
	} {
		t.Run(name, func(t *testing.T) {
			hop := newHop(t, tree{"docker-compose.yml": "old"}, tree{"docker-compose.yml": "new", "new.conf": "z"}, own)
			write(t, hop.Site.Path(".."), tree{"elsewhere": "x"})
			link(t, "../elsewhere", hop.Site.Path("linked.conf"))
			link(t, "nowhere", hop.Site.Path("broken"))
			stage(t, hop)
			if err := c.edit(hop.Site); err != nil {
				t.Fatal(err)
			}
			err := seeEdits().Run(t.Context(), hop)
			if c.names == "" && err != nil || c.names != "" && (fault.CodeOf(err) != fault.Resumable || !strings.Contains(err.Error(), c.names)) {
				t.Errorf("got %v", err)
			}
			if why, err := seeEdits().Skip(t.Context(), hop); why != "" || err != nil {
				t.Errorf("skipped: %q, %v", why, err)
			}
			if _, err := hop.keepPrevious(); err != nil {
				t.Fatal(err)
			}
			if why, err := seeEdits().Skip(t.Context(), hop); why == "" || err != nil {
				t.Errorf("asked of files that the hop has put there: %v", err)
			}
		})
	}
}
