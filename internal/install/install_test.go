package install_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/install"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/step"
)

var _ install.Stack = project{}

// model is a small release with one of everything that steps ask for.
func model() release.Model {
	services := []string{"clickhouse", "kafka", "nginx", "pgbouncer", "postgres", "redis", "relay", "seaweedfs", "snuba-api", "vroom", "web", "zookeeper"}
	m := release.Model{Project: "p", Images: []release.Image{{Ref: "web:local", Local: true}, {Ref: "postgres:14"}, {Ref: "relay:1"}}}
	for _, s := range services {
		m.Services = append(m.Services, release.Service{Name: s, Image: s + ":1"})
	}
	m.Volumes = []release.Volume{
		{Name: "sentry-postgres", EngineName: "sentry-postgres", External: true, MountedBy: []string{"postgres:/var/lib/postgresql/data"}},
		{Name: "sentry-clickhouse", EngineName: "sentry-clickhouse", External: true, MountedBy: []string{"clickhouse:/var/lib/clickhouse"}},
		{Name: "sentry-seaweedfs", EngineName: "sentry-seaweedfs", External: true, MountedBy: []string{"seaweedfs:/data"}},
	}
	return m
}

// fixture is one machine with an engine, a release and a site.
type fixture struct {
	t       *testing.T
	engine  *engine
	env     *install.Env
	outcome step.Outcome
}

func newFixture(t *testing.T, version string, change ...func(*install.Env)) *fixture {
	t.Helper()
	f := &fixture{t: t, engine: newEngine()}
	p := project{f.engine, model()}
	tree := t.TempDir()
	write(t, filepath.Join(tree, "docker-compose.yml"), "services: {}\n")
	write(t, filepath.Join(tree, "geoip/GeoLite2-City.mmdb.empty"), "empty")
	digest, err := release.Digest(os.DirFS(tree))
	if err != nil {
		t.Fatal(err)
	}
	s, err := site.At(filepath.Join(t.TempDir(), "sentry"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Create(); err != nil {
		t.Fatal(err)
	}
	v := calver.MustParse(version)
	f.env = &install.Env{
		Plan: install.Plan{
			Version: v, Tree: release.Tree{Dir: tree, Version: v, Digest: digest}, Profile: "feature-complete", RetentionDays: 90,
			AdminEmail: "admin@example.com", AdminPassword: []byte("a-password"),
			Render: func() ([]install.File, error) {
				return []install.File{{Path: "sentry/config.yml", Mode: 0o644, Data: []byte("a: b\n")}}, nil
			},
		},
		Site: s, Staged: p,
		Open:      func(context.Context) (install.Stack, error) { return p, nil },
		Record:    func() site.Record { return site.Record{Version: v, Digest: digest, Project: "p"} },
		Downloads: downloads{}, FrontDoor: door{p}, Sink: f, Now: time.Now,
	}
	for _, c := range change {
		c(f.env)
	}
	return f
}

type downloads struct{}

func (downloads) Download(context.Context, string, int64) ([]byte, error) { return []byte("so"), nil }

func (f *fixture) Emit(event.Event) {}

// run is one process: it takes up the newest unfinished journal.
func (f *fixture) run() error {
	f.t.Helper()
	id := site.NewRunID(time.Now(), "install")
	last, unfinished, err := f.env.Site.Unfinished()
	if err != nil {
		f.t.Fatal(err)
	}
	if unfinished {
		id = last.ID
	}
	journal, err := f.env.Site.OpenRun(id)
	if err != nil {
		f.t.Fatal(err)
	}
	defer journal.Close()
	f.engine.calls = nil
	runner := step.Runner[*install.Env]{Log: journal, Sink: f, Now: time.Now}
	f.outcome, err = runner.Run(f.t.Context(), f.env, step.Header{Run: id, Workflow: "install"}, install.Steps())
	return err
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := site.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestInstallOfEachEra(t *testing.T) {
	cases := []struct {
		version string
		has     []string
		lacks   []string
	}{
		{"23.6.2", []string{"run snuba-api: bootstrap --no-migrate --force", "run snuba-api: migrations migrate --force", "exec kafka: kafka-topics --create --topic ingest-events", "run web: upgrade --noinput"}, []string{"helper", "--topic ingest-monitors", "--create-kafka-topics"}},
		{"24.8.0", []string{"run kafka: chmod", "run web: upgrade --noinput --create-kafka-topics"}, []string{"--topic", "helper"}},
		{"25.5.1", []string{"run snuba-api: bootstrap --force"}, []string{"chmod", "helper", "run vroom"}},
		{"25.10.0", []string{"helper bucket --endpoint http://seaweedfs:8333 --expire-days 90 --bucket nodestore", "run vroom"}, []string{"--bucket profiles"}},
		{"26.8.0", []string{"--bucket nodestore --bucket profiles"}, nil},
	}
	for _, c := range cases {
		t.Run(c.version, func(t *testing.T) {
			f := newFixture(t, c.version)
			if err := f.run(); err != nil {
				t.Fatal(err)
			}
			calls := strings.Join(f.engine.calls, "\n")
			for _, want := range c.has {
				if !strings.Contains(calls, want) {
					t.Errorf("%q was not done; done was\n%s", want, calls)
				}
			}
			for _, not := range c.lacks {
				if strings.Contains(calls, not) {
					t.Errorf("%q was done:\n%s", not, calls)
				}
			}
			if d := cmp.Diff([]string{"admin@example.com"}, f.engine.users); d != "" {
				t.Error(d)
			}
			rec, err := f.env.Site.ReadRecord()
			if err != nil || rec.State != site.Installed {
				t.Errorf("got record %+v, %v", rec, err)
			}
		})
	}
}

func TestASecondInstallChangesNothing(t *testing.T) {
	f := newFixture(t, "25.10.0")
	if err := f.run(); err != nil {
		t.Fatal(err)
	}
	if !f.outcome.Changed {
		t.Error("the first install says that it changed nothing")
	}
	if err := f.run(); err != nil {
		t.Fatal(err)
	}
	if f.outcome.Changed || len(f.engine.calls) > 0 {
		t.Errorf("got changed %v and %q", f.outcome.Changed, f.engine.calls)
	}
}

// TestEachFailureIsTakenUpAgain breaks an install once at each of its changes;
// the same command then has to end like an install that nothing disturbed.
func TestEachFailureIsTakenUpAgain(t *testing.T) {
	whole := newFixture(t, "25.10.0")
	if err := whole.run(); err != nil {
		t.Fatal(err)
	}
	for _, call := range slices.Clone(whole.engine.calls) {
		t.Run(call, func(t *testing.T) {
			f := newFixture(t, "25.10.0")
			f.engine.breakAt = call
			if err := f.run(); fault.CodeOf(err) != fault.Resumable {
				t.Fatalf("got %v, want a fault that can be resumed", err)
			}
			if err := f.run(); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(whole.engine.images, f.engine.images); d != "" {
				t.Errorf("images: %s", d)
			}
			if d := cmp.Diff(whole.engine.running, f.engine.running); d != "" {
				t.Errorf("running: %s", d)
			}
			if d := cmp.Diff(whole.engine.users, f.engine.users); d != "" {
				t.Errorf("users: %s", d)
			}
		})
	}
}

func TestAPullThatFailsTouchesNothing(t *testing.T) {
	f := newFixture(t, "25.10.0")
	f.engine.breakAt = "pull"
	if err := f.run(); err == nil {
		t.Fatal("want an error")
	}
	entries, err := os.ReadDir(f.env.Site.Dir)
	if err != nil || len(entries) != 1 || entries[0].Name() != ".sentryctl" {
		t.Errorf("got %v, %v; want .sentryctl alone", entries, err)
	}
	if len(f.engine.volumes) > 0 || len(f.engine.running) > 0 {
		t.Errorf("got volumes %v, running %v", f.engine.volumes, f.engine.running)
	}
}

func TestNoStartLeavesNothingRunning(t *testing.T) {
	f := newFixture(t, "25.10.0", func(e *install.Env) { e.NoStart = true })
	if err := f.run(); err != nil {
		t.Fatal(err)
	}
	if len(f.engine.running) > 0 {
		t.Errorf("still running: %v", f.engine.running)
	}
	f.env.NoStart = false
	if err := f.run(); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"start "}, f.engine.calls); d != "" {
		t.Errorf("a later install without --no-start: %s", d)
	}
	f.env.NoStart = true
	if err := f.run(); err != nil {
		t.Fatal(err)
	}
	if len(f.engine.running) == 0 {
		t.Error("--no-start stopped a site that ran")
	}
}

func TestDataThatDoesNotFitIsRefused(t *testing.T) {
	cases := []struct {
		name, version, volume, file, content, want string
		code                                       fault.Code
	}{
		{"PostgreSQL 9.6", "25.10.0", "sentry-postgres", "PG_VERSION", "9.6\n", "data of PostgreSQL 9.6", fault.UpgradeBlocked},
		{"an old storage key", "26.8.0", "sentry-seaweedfs", "filerldb2/CURRENT", "x", "encryption key must be moved", fault.UpgradeBlocked},
		{"the same PostgreSQL", "25.10.0", "sentry-postgres", "PG_VERSION", "14\n", "", fault.OK},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t, c.version)
			f.engine.volumes[c.volume] = map[string]string{c.file: c.content}
			err := f.run()
			if fault.CodeOf(err) != c.code || c.want != "" && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %d, %v", fault.CodeOf(err), err)
			}
			if err != nil && len(f.engine.running) > 0 {
				t.Errorf("started %v", f.engine.running)
			}
		})
	}
}

func TestALostVolumeIsSetUpAgain(t *testing.T) {
	f := newFixture(t, "25.10.0")
	if err := f.run(); err != nil {
		t.Fatal(err)
	}
	delete(f.engine.volumes, "sentry-postgres")
	f.engine.users = nil
	if err := f.run(); err != nil {
		t.Fatal(err)
	}
	if len(f.engine.users) != 1 {
		t.Errorf("the new volume has no admin; done was %q", f.engine.calls)
	}
}

func TestAnEditedFileStays(t *testing.T) {
	f := newFixture(t, "25.10.0")
	write(t, f.env.Site.Path("docker-compose.override.yml"), "mine")
	write(t, filepath.Join(f.env.Tree.Dir, "docker-compose.override.yml"), "theirs")
	f.env.Tree.Digest, _ = release.Digest(os.DirFS(f.env.Tree.Dir))
	if err := f.run(); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(f.env.Site.Path("docker-compose.override.yml")); string(got) != "mine" {
		t.Errorf("got %q", got)
	}
}

type noAccount struct{}

func (noAccount) Update(context.Context, string, string) error { return errors.New("refused") }

func TestAMissingExtraEndsAsIncomplete(t *testing.T) {
	f := newFixture(t, "25.10.0", func(e *install.Env) { e.GeoIP, e.GeoIPs = true, noAccount{} })
	if err := f.run(); err != nil {
		t.Fatal(err)
	}
	got := f.env.Incomplete()
	if len(got) != 1 || !strings.Contains(got[0].Text, "refused") || got[0].Hint == "" {
		t.Errorf("got %+v", got)
	}
}

// account is a MaxMind account that works.
type account struct{}

func (account) Update(_ context.Context, _, dir string) error {
	return os.WriteFile(filepath.Join(dir, "GeoLite2-City.mmdb"), []byte("places"), 0o644)
}

func TestExtrasAreSetUpWhenAskedForLater(t *testing.T) {
	f := newFixture(t, "25.10.0")
	if err := f.run(); err != nil {
		t.Fatal(err)
	}
	f.env.GeoIP, f.env.GeoIPs, f.env.JSSDK, f.engine.offline = true, noAccount{}, true, true
	if err := f.run(); err != nil {
		t.Fatal(err)
	}
	if got := f.env.Incomplete(); len(got) != 2 {
		t.Errorf("lacking after a run without a network: got %+v, want both extras", got)
	}
	f.env.GeoIPs, f.engine.offline = account{}, false
	if err := f.run(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(f.env.Site.Path("geoip/GeoLite2-City.mmdb"))
	if err != nil || string(data) != "places" || !f.engine.sdk {
		t.Errorf("got database %q, %v, SDK %v; want both", data, err, f.engine.sdk)
	}
	if err := f.run(); err != nil {
		t.Fatal(err)
	}
	if f.outcome.Changed {
		t.Error("a run with all extras in place changed something")
	}
}

func TestThePasswordStandsNowhere(t *testing.T) {
	f := newFixture(t, "25.10.0")
	if err := f.run(); err != nil {
		t.Fatal(err)
	}
	for _, call := range f.engine.calls {
		if strings.Contains(call, "a-password") {
			t.Errorf("a command line: %s", call)
		}
	}
	filepath.WalkDir(f.env.Site.Dir, func(path string, d os.DirEntry, err error) error {
		if data, err := os.ReadFile(path); err == nil && strings.Contains(string(data), "a-password") {
			t.Errorf("a file: %s", path)
		}
		return nil
	})
}

func TestCheckCertificates(t *testing.T) {
	s, err := site.At(filepath.Join(t.TempDir(), "sentry"))
	if err != nil {
		t.Fatal(err)
	}
	empty, broken := t.TempDir(), t.TempDir()
	write(t, filepath.Join(broken, "a.crt"), "no certificate")
	cases := []struct{ name, dir, err string }{
		{"none asked for", "", ""},
		{"no such directory", filepath.Join(empty, "x"), "custom_ca: no .crt file in"},
		{"nothing in it", empty, "custom_ca: no .crt file in"},
		{"not a certificate", broken, "holds no PEM certificate"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := install.CheckCertificates(s, c.dir)
			if c.err == "" && err == nil {
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.err) || fault.CodeOf(err) != fault.Usage || fault.HintOf(err) == "" {
				t.Errorf("got %v, want a usage error with %q and a hint", err, c.err)
			}
		})
	}
	write(t, s.Path("certificates/mine.crt"), "-")
	if err := install.CheckCertificates(s, filepath.Join(empty, "gone")); err != nil {
		t.Errorf("the site has its certificates: got %v, want none", err)
	}
}
