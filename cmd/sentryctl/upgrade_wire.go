package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/catalog"
	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/geoip"
	"github.com/sentryctl/sentryctl/internal/health"
	"github.com/sentryctl/sentryctl/internal/install"
	"github.com/sentryctl/sentryctl/internal/release/remote"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/stack"
	"github.com/sentryctl/sentryctl/internal/upgrade"
)

// hopGateLimit is how long each check of the gate may take: services that
// have just started need their time.
const hopGateLimit = 5 * time.Minute

// Emit passes an event on; what a command says is also written down.
func (l *outputLog) Emit(e event.Event) {
	if log, is := e.(event.Log); is {
		fmt.Fprintf(l.file, "%s %s\n", log.Source, l.Redact(log.Text))
	}
	l.Sink.Emit(e)
}

// hopProject is a project with what its variables say.
type hopProject struct {
	*stack.Stack
	project *stack.Project
}

func (r *hopRun) project(ctx context.Context, dir string) (*hopProject, error) {
	return r.load(ctx, stack.LoadOptions{Dir: dir})
}

func (r *hopRun) load(ctx context.Context, o stack.LoadOptions) (*hopProject, error) {
	p, err := stack.Load(ctx, o)
	if err == nil && r.copied != nil {
		p, err = r.copied.of(p)
	}
	if err != nil {
		return nil, err
	}
	var heard event.Sink = r.sink
	if r.heard != nil {
		heard = r.heard
	}
	return &hopProject{r.engine.Stack(p, heard), p}, nil
}

// environment wires the steps of a hop to the Engine and the screen.
func (r *hopRun) environment(sink event.Sink) *upgrade.Env {
	b := r.begun
	record := r.config.record
	record.Source, record.Digest, record.Tool, record.Moving = cmp.Or(b.Hop.Tree.Source, b.Hop.Tree.Dir), b.Hop.Tree.Digest, readVersion().Version, ""
	return &upgrade.Env{
		Hop: b.Hop, Run: b.Run, Set: b.Set, StopIngest: b.StopIngest, NoRollback: b.NoRollback, StopBefore: b.StopBefore, Predicted: b.PredictedNS, Record: record, Site: r.site, Sink: sink, Now: time.Now,
		Projects: upgrade.Projects{
			Open:   func(ctx context.Context, dir string) (upgrade.Stack, error) { return r.project(ctx, dir) },
			Rung:   r.rung,
			Beside: r.beside,
			Ahead:  r.ahead,
		},
		Work: upgrade.Work{Render: r.render, Install: r.install, Backup: r.backup, Gate: r.gate},
	}
}

// rung is the site's project with another ClickHouse.
func (r *hopRun) rung(ctx context.Context, image string) (upgrade.Stack, error) {
	file := r.site.Own("upgrade", "rung.yml")
	text := fmt.Sprintf("services:\n  clickhouse:\n    image: %q\n    build: !reset null\n", image)
	if err := site.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	files := []string{"docker-compose.yml"}
	if exists(r.site.Path(overrideFile)) {
		files = append(files, overrideFile)
	}
	return r.load(ctx, stack.LoadOptions{Dir: r.site.Dir, Files: append(files, file)})
}

// beside is the project that was laid out for the hop, with another volume in
// the place of one.
func (r *hopRun) beside(ctx context.Context, key, volume string) (upgrade.Stack, error) {
	dir := upgrade.StageDir(r.site)
	file := r.site.Own("upgrade", "beside.yml")
	text := fmt.Sprintf("volumes:\n  %s:\n    name: %q\n    external: true\n", key, volume)
	if err := site.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	files := []string{"docker-compose.yml"}
	if exists(filepath.Join(dir, overrideFile)) {
		files = append(files, overrideFile)
	}
	return r.load(ctx, stack.LoadOptions{Dir: dir, Files: append(files, file)})
}

// ahead is the project that a release's tree would make of the site.
func (r *hopRun) ahead(ctx context.Context, tree string) (upgrade.Stack, error) {
	return r.load(ctx, treeOptions(r.site, tree))
}

func (r *hopRun) render(v calver.Version, pristine, disk fs.FS) ([]install.File, error) {
	return r.config.renderFor(v, pristine, disk)
}

// renderFor gives the files that the answers ask for of a release, over those
// in disk, which may be nil.
func (c *siteConfig) renderFor(v calver.Version, pristine, disk fs.FS) ([]install.File, error) {
	cat, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	key := config.ReadSecretKey(c.disk())
	if key == "" { // never make a new one for a site that runs
		return nil, fault.New(fault.PreflightBlocked, "Put the key that the site runs with into sentry/config.yml as system.secret-key", "no secret key is found in the site's files")
	}
	installer := installPlan{version: v, catalog: cat, arch: runtime.GOARCH}
	files, found, err := config.RenderSite(config.RenderInput{Version: v, Pristine: pristine, Disk: disk, Answers: c.answers, Host: hostName(),
		SecretKey: key, Installer: installer.installerVariables()})
	if err != nil {
		return nil, err
	}
	if err := refuseConflicts(found); err != nil {
		return nil, err
	}
	out := make([]install.File, 0, len(files))
	for _, f := range files {
		out = append(out, install.File{Path: f.Path, Mode: f.Mode, Data: f.Data})
	}
	return out, nil
}

func (r *hopRun) install(_ context.Context, s upgrade.Stack) (*install.Env, error) {
	hp, is := s.(*hopProject)
	if !is {
		return nil, errors.New("the project is not one of ours")
	}
	p := installPlan{project: hp.project, answers: r.config.answers}
	return &install.Env{
		Plan: install.Plan{
			Version: r.begun.Hop.To, Tree: r.begun.Hop.Tree, Profile: cmp.Or(hp.project.Getenv("COMPOSE_PROFILES"), config.FeatureComplete),
			RetentionDays: p.retentionDays(), JSSDK: hp.project.Getenv("SETUP_JS_SDK_ASSETS") == "1", JSSDKSource: jsSDKSource,
			CertificatesDir: p.answers.CustomCA, CustomCA: p.answers.CustomCA != "", GeoIP: p.answers.GeoIP.Account != "" && r.copied == nil,
		},
		Site: r.site, Staged: hp, Open: func(context.Context) (install.Stack, error) { return hp, nil },
		Record: func() site.Record { return r.config.record }, Downloads: remote.New(), GeoIPs: geoip.Updater{}, Sink: r.sink, Now: time.Now,
	}, nil
}

func (r *hopRun) backup(ctx context.Context, set string, mode backup.Mode) (*backup.Env, error) {
	rec, err := r.site.ReadRecord()
	if err != nil {
		return nil, err
	}
	env, end, err := r.app.backupEnv(ctx, r.site, rec, r.sink)
	if err != nil {
		return nil, err
	}
	r.ends = append(r.ends, end)
	env.Plan = backup.Plan{Access: r.access, Roots: trustedRoots(r.access.Target), Set: set, Tool: readVersion().Version, Mode: mode,
		Twice:   mode == backup.Ahead && !r.begun.NoRollback, // asked while all runs: a way back without room leaves nothing that serves
		MaxRest: 30 * time.Minute, Description: upgrade.CheckpointNote + r.begun.Hop.To.String()}
	return env, nil
}

func (r *hopRun) gate(ctx context.Context, s upgrade.Stack) error {
	hp, is := s.(*hopProject)
	if !is {
		return errors.New("the project is not one of ours")
	}
	door, err := r.door(hp)
	if err != nil {
		return err
	}
	report, err := health.Run(ctx, healthChecks(hp.Stack, door, healthOptions{canary: true, limit: hopGateLimit}))
	if err != nil {
		return err
	}
	noteHealth(r.site, byUpgrade, report.Failed())
	var bad []string
	for _, c := range report.Checks {
		text := c.Title + ": " + c.Said
		if !c.OK {
			text = c.Title + ": " + c.Error
			bad = append(bad, c.ID+": "+c.Error)
		}
		r.sink.Emit(event.Log{Source: "health", Text: text})
	}
	if len(bad) > 0 {
		return fault.New(fault.Resumable, "Follow the hints of: sentryctl health --canary --site "+r.site.Dir, "the site does not work: %s", strings.Join(bad, "; "))
	}
	return nil
}

// treeOptions load a release's tree with the variables and the override file
// that a site has.
func treeOptions(s *site.Site, dir string) stack.LoadOptions {
	o := stack.LoadOptions{Dir: dir, EnvFiles: []string{".env"}}
	if custom := s.Path(customEnv); exists(custom) {
		o.EnvFiles = append(o.EnvFiles, custom)
	}
	if override := s.Path(overrideFile); exists(override) {
		o.Files = []string{"docker-compose.yml", filepath.Clean(override)}
	}
	return o
}
