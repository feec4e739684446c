package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"runtime"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/catalog"
	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/config/merge"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/install"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/stack"
)

// installPlan is everything that is known before the first change.
type installPlan struct {
	options   installOptions
	site      *site.Site
	record    site.Record // of the site as it is; zero when there is none
	known     bool        // the site has a record
	asked     bool        // the wizard gave the answers, and they were agreed to
	catalog   *catalog.Catalog
	answers   config.Answers
	version   calver.Version
	profile   string
	source    string
	tree      release.Tree
	secretKey string
	findings  []config.Finding // warnings about the configuration
	mine      []config.Finding // edits by hand that are kept
	scratch   string           // a directory of our own, removed at the end
	project   *stack.Project
	model     release.Model
	data      int64  // bytes that a restore writes into the volumes
	arch      string // of the Engine, as Go names it
	machine   string // where the Engine publishes ports, as seen from here
	engine    *stack.Engine
	engineErr error
}

func (p *installPlan) close() {
	if p.engine != nil {
		p.engine.Close()
	}
	os.RemoveAll(p.scratch)
}

// prepareInstall reads, fetches and renders into a scratch directory. It
// changes nothing else.
func (a *app) prepareInstall(ctx context.Context, o installOptions) (*installPlan, error) {
	p := &installPlan{options: o}
	fetch := func(ctx context.Context) error { return p.fetchTree(ctx, a.fetcher(event.Discard{}, o.digest)) }
	steps := []func(context.Context) error{p.openSite, p.readAnswers, p.chooseVersion, p.makeScratch, fetch, p.connect, a.wizardStep(p), a.settleStep(p), p.checkCertificates, p.renderStaged, p.loadProject}
	for _, prepare := range steps {
		if err := prepare(ctx); err != nil {
			return p, err
		}
	}
	return p, ctx.Err()
}

// connect comes early because the release may want to know the Engine's
// architecture. That no Engine answers is said with the report of preflight.
func (p *installPlan) connect(ctx context.Context) error {
	p.arch = runtime.GOARCH
	if p.engine, p.engineErr = stack.Connect(ctx); p.engineErr != nil {
		return nil
	}
	info, err := p.engine.Info(ctx)
	if err != nil {
		return err
	}
	if info.Arch == "aarch64" {
		p.arch = "arm64"
	}
	p.machine = machineOf(info.Host)
	return nil
}

// machineOf is the host on which an Engine publishes ports: the one that its
// address names, or this one when that is a socket.
func machineOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "tcp" && u.Scheme != "ssh" && u.Scheme != "https" || u.Hostname() == "" {
		return "127.0.0.1"
	}
	return u.Hostname()
}

// installerVariables are what upstream's installer exports and the compose
// files of some releases take (install/detect-platform.sh, up to 24.4.1).
func (p *installPlan) installerVariables() map[string]string {
	if !(calver.Range{Since: calver.MustParse("22.7.0"), Until: calver.MustParse("24.4.1")}).Contains(p.version) {
		return nil
	}
	clickhouse := p.catalog.Engines(p.version).ClickHouse
	if p.arch == "arm64" && clickhouse.Arm64 != nil {
		return map[string]string{"CLICKHOUSE_IMAGE": clickhouse.Arm64.Image}
	}
	return map[string]string{"CLICKHOUSE_IMAGE": clickhouse.Image}
}

func (p *installPlan) openSite(context.Context) error {
	s, err := site.At(p.options.site)
	if err != nil {
		return err
	}
	foreign, err := s.Foreign()
	if err != nil {
		return err
	}
	if foreign != "" {
		return fault.New(fault.NoSite, "Choose an empty directory with --site", "%s belongs to something else: it holds %s", s.Dir, foreign)
	}
	rec, err := s.ReadRecord()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	p.site, p.record, p.known = s, rec, err == nil
	return nil
}

func (p *installPlan) checkCertificates(context.Context) error {
	return install.CheckCertificates(p.site, p.answers.CustomCA)
}

func (p *installPlan) readAnswers(context.Context) error {
	base, err := config.Recorded(p.record.Answers, p.site.Own(), os.Environ())
	if err != nil {
		return err
	}
	p.answers, _, err = config.ReadAnswersOver(base, p.options.answers, p.options.sets(), os.Environ())
	return err
}

// chooseVersion takes the version that was asked for, else the site's, else
// the newest good one. An install never changes the version of a site.
func (p *installPlan) chooseVersion(context.Context) error {
	c, err := catalog.Load()
	if err != nil {
		return err
	}
	p.catalog = c
	want := p.options.version
	if want == "" && p.known {
		want = p.record.Version.String()
	}
	if want == "" && p.options.source != "" {
		return nil // the source says it, see fetchTree
	}
	return p.resolve(want)
}

// resolve refuses a version that must not be installed, here or at all.
func (p *installPlan) resolve(want string) (err error) {
	o := catalog.ResolveOptions{AcceptAvoided: p.options.acceptAvoided || p.known, AcceptFuture: p.options.source != "" || p.known}
	if p.version, err = p.catalog.Resolve(want, o); err != nil {
		return err
	}
	if p.known && p.version != p.record.Version && p.record.State == site.Installed {
		return fault.New(fault.Usage, "Leave --version away, or choose another directory with --site",
			"%s holds Sentry %s; an install does not change it to %s", p.site.Dir, p.record.Version, p.version)
	}
	return nil
}

func (p *installPlan) makeScratch(context.Context) (err error) {
	p.scratch, err = os.MkdirTemp("", "sentryctl-")
	if err != nil {
		return fmt.Errorf("make a scratch directory: %w", err)
	}
	return nil
}

// fetchTree takes the pristine tree that the site keeps, when it is whole, so
// that finishing an install needs no network; else it fetches.
func (p *installPlan) fetchTree(ctx context.Context, f release.Fetcher) error {
	p.source = p.options.source
	if p.source == "" && p.known && p.record.Version == p.version {
		p.source = p.record.Source
		if tree, err := release.Open(p.site.ReleaseDir(p.version)); err == nil && tree.Digest == p.record.Digest {
			tree.Source, tree.Version = p.source, p.version
			p.tree = tree
			return nil
		}
	}
	tree, err := f.Fetch(ctx, p.source, p.version, filepath.Join(p.scratch, "release"))
	if err != nil {
		return err
	}
	if p.version.IsZero() {
		if err := p.resolve(tree.Version.String()); err != nil {
			return err
		}
	}
	p.tree, p.source = tree, tree.Source
	return nil
}

// render gives the configuration for the site as it now is on disk.
func (p *installPlan) render() ([]config.File, error) {
	files, findings, err := config.RenderSite(config.RenderInput{
		Version: p.version, Pristine: os.DirFS(p.tree.Dir), Disk: os.DirFS(p.site.Dir),
		Answers: p.answers, SecretKey: p.secretKey, Host: hostName(), Installer: p.installerVariables(),
	})
	p.findings = findings
	if err != nil {
		return nil, err
	}
	return keptFiles(files, os.DirFS(p.site.Dir), p.mine)
}

// settleStep renders for the first time, and lets the admin say whose side is
// taken where an edit by hand would be lost.
func (a *app) settleStep(p *installPlan) func(context.Context) error {
	return func(ctx context.Context) error {
		if p.secretKey = config.ReadSecretKey(os.DirFS(p.site.Dir)); p.secretKey == "" {
			p.secretKey = config.GenerateSecretKey()
		}
		if _, err := p.render(); err != nil {
			return err
		}
		mine, err := a.settle(ctx, p.findings, merge.Stop, !p.options.yes)
		if err != nil {
			return err
		}
		p.mine = mine
		p.answers, err = config.Adopt(p.answers, mine, os.DirFS(p.site.Dir))
		return err
	}
}

// renderStaged renders once before anything is touched, so that a wrong
// answer is told now, and puts .env.custom where the staged project finds it.
func (p *installPlan) renderStaged(context.Context) error {
	files, err := p.render()
	if err != nil {
		return err
	}
	for _, f := range files {
		if f.Path == customEnv {
			return site.WriteFile(filepath.Join(p.scratch, customEnv), f.Data, f.Mode)
		}
	}
	return nil
}

const customEnv = ".env.custom"

// loadProject reads the project from the pristine tree, with the variables
// that the site is going to have and the override file that it has.
func (p *installPlan) loadProject(ctx context.Context) error {
	o := stack.LoadOptions{Dir: p.tree.Dir, EnvFiles: []string{".env"}}
	if custom := filepath.Join(p.scratch, customEnv); exists(custom) {
		o.EnvFiles = append(o.EnvFiles, custom)
	}
	if override := p.site.Path("docker-compose.override.yml"); exists(override) {
		o.Files = []string{"docker-compose.yml", override}
	}
	project, err := stack.Load(ctx, o)
	if err != nil {
		return err
	}
	p.project, p.model = project, project.Model()
	p.model.Version = p.version.String()
	p.profile = project.Getenv("COMPOSE_PROFILES")
	if p.profile == "" {
		p.profile = config.FeatureComplete // releases without profiles have everything
	}
	return nil
}

// publicURL is what browsers use, "" when nobody has said.
func (p *installPlan) publicURL() *url.URL {
	u, err := url.Parse(p.answers.URL)
	if err != nil || u.Host == "" {
		return nil
	}
	return u
}

// door is the address under which this process reaches nginx.
func (p *installPlan) door() string {
	host, port := cmp.Or(p.machine, "127.0.0.1"), "9000"
	for _, published := range p.model.Ports {
		if published.Service == "nginx" && published.Target == 80 {
			port = published.Published
			if ip := net.ParseIP(published.HostIP); ip != nil && !ip.IsUnspecified() {
				host = published.HostIP
			}
		}
	}
	return net.JoinHostPort(host, port)
}

// hostName is the name under which others know this machine, "" when it has
// none that would help them.
func hostName() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return name
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
