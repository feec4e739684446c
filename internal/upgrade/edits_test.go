package upgrade

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
)

// What an admin edits while a hop brings and copies is not taken back by it.
func TestEditsSinceTheMergeEndTheHop(t *testing.T) {
	own := tree{"docker-compose.yml": "old", ".env.custom": "PASSWORD=old", "docker-compose.override.yml": "x", "nohup.out": "1", "geoip/large.mmdb": strings.Repeat("x", editedBytes+1)}
	for name, c := range map[string]struct {
		edit  func(s *site.Site) error
		names string // "": the hop goes on
	}{
		"nothing":       {func(*site.Site) error { return nil }, ""},
		"our own files": {func(s *site.Site) error { return site.WriteFile(s.Own("upgrade", "x"), []byte("y"), 0o600) }, ""},
		"a large file": {func(s *site.Site) error {
			return os.WriteFile(s.Path("geoip/large.mmdb"), []byte(strings.Repeat("y", editedBytes+1)), 0o600)
		}, ""},
		"an edited file":   {func(s *site.Site) error { return os.WriteFile(s.Path(".env.custom"), []byte("PASSWORD=new"), 0o600) }, ".env.custom"},
		"a new file":       {func(s *site.Site) error { return os.WriteFile(s.Path("own.pem"), []byte("y"), 0o600) }, ""},
		"behind a link":    {func(s *site.Site) error { return os.WriteFile(s.Path("../elsewhere"), []byte("y"), 0o600) }, "linked.yml"},
		"a log that grows": {func(s *site.Site) error { return os.WriteFile(s.Path("nohup.out"), []byte("more"), 0o600) }, ""},
		"in the way":       {func(s *site.Site) error { return os.WriteFile(s.Path("new.conf"), []byte("y"), 0o600) }, "new.conf"},
		"a file too less":  {func(s *site.Site) error { return os.Remove(s.Path("docker-compose.override.yml")) }, "docker-compose.override.yml"},
	} {
		t.Run(name, func(t *testing.T) {
			hop := newHop(t, tree{"docker-compose.yml": "old"}, tree{"docker-compose.yml": "new", "new.conf": "z"}, own)
			write(t, hop.Site.Path(".."), tree{"elsewhere": "x"})
			link(t, "../elsewhere", hop.Site.Path("linked.yml"))
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

// What belongs to neither release is left as it is then, however large it is.
func TestTheAdminsOwnFilesStayAsTheyAreThen(t *testing.T) {
	large := strings.Repeat("x", editedBytes+1)
	hop := newHop(t, tree{"docker-compose.yml": "old"}, tree{"docker-compose.yml": "new"}, tree{"docker-compose.yml": "old", "redis/dump.rdb": large, "dumps/1.sql": large, "small": "a"})
	stage(t, hop)
	for name, text := range map[string]string{"redis/dump.rdb": "newer", "small": "b"} { // by rename, as programs save
		if err := site.WriteFile(hop.Site.Path(name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(hop.Site.Path("dumps/1.sql")); err != nil {
		t.Fatal(err)
	}
	p, err := hop.keepPrevious()
	if err == nil {
		err = p.apply(hop.Site)
	}
	if err != nil {
		t.Fatal(err)
	}
	want := tree{"docker-compose.yml": "new", "redis/dump.rdb": "newer", "small": "b"}
	if d := cmp.Diff(want, read(t, hop.Site.Dir)); d != "" {
		t.Errorf("after the hop: %s", d)
	}
	want["docker-compose.yml"] = "old"
	if err := p.PutBack(hop.Site); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, read(t, hop.Site.Dir)); d != "" {
		t.Errorf("after the way back: %s", d)
	}
}

// An edit that comes when the services have stopped already is not lost either.
func TestAnEditBeforeTheFilesTakeTheirPlacesEndsTheHop(t *testing.T) {
	hop := newHop(t, tree{"docker-compose.yml": "old"}, tree{"docker-compose.yml": "new"}, tree{"docker-compose.yml": "old"})
	stage(t, hop)
	write(t, hop.Site.Dir, tree{"docker-compose.yml": "mine"})
	if err := placeRelease().Run(t.Context(), hop); fault.CodeOf(err) != fault.Resumable || !strings.Contains(err.Error(), "docker-compose.yml") {
		t.Errorf("got %v", err)
	}
	if d := cmp.Diff(tree{"docker-compose.yml": "mine"}, read(t, hop.Site.Dir)); d != "" {
		t.Error(d)
	}
}
