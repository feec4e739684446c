package upgrade

import (
	"context"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/install"
)

// Lines that the answers write into sentry.conf.py are no edit by hand; a
// change between sentryctl's marks is one, and is seen.
func TestLinesOfTheAnswersGoAlong(t *testing.T) {
	const conf = "sentry/sentry.conf.py"
	old := tree{"sentry/sentry.conf.example.py": "A = 1\nB = 1\n", "sentry/config.example.yml": "system.secret-key: '!!changeme!!'\n", ".env": "SENTRY_BIND=9000\n"}
	next := tree{"sentry/sentry.conf.example.py": "A = 1\nB = 2\n", "sentry/config.example.yml": "system.secret-key: '!!changeme!!'\n", ".env": "SENTRY_BIND=9000\n"}
	var found []config.Finding
	render := func(v calver.Version, pristine, disk fs.FS) ([]install.File, error) {
		files, all, err := config.RenderSite(config.RenderInput{Version: v, Pristine: pristine, Disk: disk, SecretKey: "k", Answers: config.Answers{URL: "https://sentry.example.com"}})
		found = config.Conflicts(all)
		var out []install.File
		for _, f := range files {
			out = append(out, install.File{Path: f.Path, Mode: f.Mode, Data: f.Data})
		}
		return out, err
	}
	e := newHop(t, old, next, old)
	e.Work.Render = render
	files, err := render(e.Hop.From, os.DirFS(e.Site.ReleaseDir(e.Hop.From)), os.DirFS(e.Site.Dir))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		write(t, e.Site.Dir, tree{f.Path: string(f.Data)})
	}
	before := read(t, e.Site.Dir)[conf]
	if !strings.Contains(before, "https://sentry.example.com") {
		t.Fatalf("the answers write nothing into %s:\n%s", conf, before)
	}
	stage(t, e)
	got := read(t, StageDir(e.Site))[conf]
	if want := strings.Replace(before, "B = 1", "B = 2", 1); got != want || len(found) > 0 {
		t.Errorf("got %q, %v\nwant %q", got, found, want)
	}
	write(t, e.Site.Dir, tree{conf: strings.Replace(before, "https://sentry.example.com", "https://mine.example.com", 1)})
	if err := stageSite().Run(context.Background(), e); err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || found[0].File != conf {
		t.Errorf("an edit between the marks was not seen: %v", found)
	}
}
