package apply_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/apply"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/step"
)

// world is a site and an Engine that holds state.
type world struct {
	site    *site.Site
	settled bool
	missing []string
	broken  bool // services do not come up
	did     []string
	geoip   func(context.Context) error
	lacks   []event.Notice
}

func (w *world) MissingImages(context.Context) ([]string, error)  { return w.missing, nil }
func (w *world) BuiltImagesPresent(context.Context) (bool, error) { return true, nil }
func (w *world) Build(context.Context) error                      { w.note("build"); return nil }
func (w *world) Settled(context.Context, ...string) (bool, error) { return w.settled, nil }
func (w *world) Prove(context.Context) error                      { w.note("prove"); return nil }
func (w *world) note(what string)                                 { w.did = append(w.did, what) }
func (w *world) Pull(context.Context) error {
	w.note("pull")
	w.missing = nil
	return nil
}

func (w *world) Start(context.Context, ...string) error {
	w.note("start")
	if w.broken {
		return errors.New("web does not come up")
	}
	w.settled = true
	return nil
}

func newWorld(t *testing.T) *world {
	t.Helper()
	s, err := site.At(filepath.Join(t.TempDir(), "site"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Create(); err != nil {
		t.Fatal(err)
	}
	if err := site.WriteFile(s.Path("sentry", "config.yml"), []byte("old\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return &world{site: s}
}

func (w *world) run(t *testing.T, stopped bool) error {
	t.Helper()
	journal, err := w.site.OpenRun("run")
	if err != nil {
		t.Fatal(err)
	}
	defer journal.Close()
	e := &apply.Env{Site: w.site, Stopped: stopped, GeoIP: w.geoip, Sink: event.Discard{},
		Files: []apply.File{{Path: "sentry/config.yml", Mode: 0o644, Data: []byte("new\n")}, {Path: ".env.custom", Mode: 0o600, Data: []byte("A=1\n")}},
		Open:  func(context.Context) (apply.Stack, apply.FrontDoor, error) { return w, w, nil }}
	r := step.Runner[*apply.Env]{Log: journal, Sink: event.Discard{}, Now: time.Now}
	_, err = r.Run(t.Context(), e, step.Header{Run: "run", Workflow: "apply"}, apply.Steps())
	w.lacks = e.Incomplete()
	return err
}

func (w *world) want(t *testing.T, did ...string) {
	t.Helper()
	if diff := cmp.Diff(w.did, did); diff != "" {
		t.Errorf("did (-got +want):\n%s", diff)
	}
	w.did = nil
}

func content(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
	}
	return string(b)
}

func TestFilesComeBeforeServices(t *testing.T) {
	w := newWorld(t)
	w.missing = []string{"sentry:2"}
	if err := w.run(t, false); err != nil {
		t.Fatal(err)
	}
	w.want(t, "pull", "build", "start", "prove")
	if got := content(t, w.site.Path("sentry", "config.yml")); got != "new\n" {
		t.Errorf("config.yml: %q", got)
	}
	if got := content(t, w.site.Own(apply.PreviousDir, "sentry", "config.yml")); got != "old\n" {
		t.Errorf("the former config.yml: %q", got)
	}
}

func TestAStoppedSiteStaysStopped(t *testing.T) {
	w := newWorld(t)
	if err := w.run(t, true); err != nil {
		t.Fatal(err)
	}
	w.want(t)
	if got := content(t, w.site.Path(".env.custom")); got != "A=1\n" {
		t.Errorf(".env.custom: %q", got)
	}
}

func TestTheLocationDatabaseComesBeforeServices(t *testing.T) {
	for name, c := range map[string]struct {
		have  bool // a database as new as the account
		fails error
		did   []string
		lacks int
	}{
		"it is fetched":            {false, nil, []string{"geoip", "start", "prove"}, 0},
		"it is there":              {true, nil, []string{"start", "prove"}, 0},
		"an account that is wrong": {false, errors.New("MaxMind refuses the license key"), []string{"geoip", "start", "prove"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for _, file := range []string{"GeoIP.conf", "GeoLite2-City.mmdb"} {
				if file == "GeoIP.conf" || c.have {
					if err := site.WriteFile(w.site.Path("geoip", file), nil, 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
			w.geoip = func(context.Context) error { w.note("geoip"); return c.fails }
			if err := w.run(t, false); err != nil {
				t.Fatal(err)
			}
			w.want(t, c.did...)
			if len(w.lacks) != c.lacks {
				t.Errorf("lacks %v", w.lacks)
			}
		})
	}
}

func TestAFailedStartIsTakenUpAgain(t *testing.T) {
	w := newWorld(t)
	w.broken = true
	if err := w.run(t, false); err == nil {
		t.Fatal("no error")
	}
	w.want(t, "start")
	w.broken = false
	if err := w.run(t, false); err != nil {
		t.Fatal(err)
	}
	w.want(t, "start", "prove")
}
