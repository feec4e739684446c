package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/catalog"
	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/health"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/stack"
	"github.com/sentryctl/sentryctl/internal/upgrade"
	"github.com/sentryctl/sentryctl/internal/upgrade/gate"
	"github.com/sentryctl/sentryctl/internal/upgrade/plan"
	"github.com/sentryctl/sentryctl/internal/workload"
)

const (
	gateHealthLimit    = 30 * time.Second
	gateCanaryLimit    = 2 * time.Minute // consumers may be busy
	gateMigrationLimit = 2 * time.Minute
)

// runUpgradeCheck asks everything that could stop an upgrade, and tells all of
// it in one report.
func (a *app) runUpgradeCheck(ctx context.Context, c *catalog.Catalog, o upgradeOptions) error {
	s, rec, err := site.Open(o.site)
	if err != nil {
		return err
	}
	p, facts, err := planSite(ctx, c, plan.Request{To: o.to, AcceptAvoided: o.acceptAvoided, Profile: o.profile}, s, rec)
	if err != nil {
		return err
	}
	g, err := a.gateFacts(ctx, c, s, rec, p, facts, o)
	if err != nil {
		return err
	}
	return a.tellGate(g, gate.Judge(g))
}

// gateFacts gathers what the gate judges.
func (a *app) gateFacts(ctx context.Context, c *catalog.Catalog, s *site.Site, rec site.Record, p plan.Plan, facts plan.Facts, o upgradeOptions) (gate.Facts, error) {
	g := gate.Facts{Plan: p, Site: s.Dir, DataRead: map[string]bool{}}
	st, err := siteStack(ctx, s)
	if err != nil {
		return g, err
	}
	defer st.close()
	for engine, version := range facts.Data {
		g.DataRead[engine] = version != ""
	}
	if last, unfinished, err := s.Unfinished(); err != nil {
		return g, err
	} else if unfinished {
		g.Unfinished = last.ID
	}
	if !g.DataRead[catalog.ClickHouse] {
		g.DataRead[catalog.ClickHouse] = asCarried(ctx, c, st, p.From)
	}
	askHealth(ctx, st, rec, &g)
	g.Unapplied, g.MigrationsWhy = unapplied(ctx, st)
	look := lookForRoom(ctx, st, rec.Project, p.Space, !o.noRollback)
	if g.Checkpoint, err = a.checkpointPlace(ctx, s, o.backupOptions, look); err != nil {
		g.CheckpointWhy, g.CheckpointHint = err.Error(), fault.HintOf(err)
	}
	conf, err := openConfig(s.Dir)
	if err != nil {
		return g, err
	}
	g.Certificates = certificateChecks(ctx, s, conf.answers, st.Model(), time.Now())
	h := &hopsLooked{app: a, catalog: c, site: s, config: conf, stack: st, plan: p, options: o}
	if err := h.look(ctx, &g); err != nil {
		return g, err
	}
	look.pulled(ctx, st.engine, h.missing)
	g.Rooms, g.Unmeasured = look.rooms, look.unmeasured
	return g, nil
}

// asCarried asks the server that runs whether it is of the series that the release carries.
// From 24.3 on what it has written into its volume does not tell.
func asCarried(ctx context.Context, c *catalog.Catalog, st *siteEngine, v calver.Version) bool {
	ctx, cancel := context.WithTimeout(ctx, gateHealthLimit)
	defer cancel()
	r, err := st.Exec(ctx, catalog.ClickHouse, workload.Exec{Command: []string{"clickhouse-client", "-q", "SELECT version()"}, Quiet: true})
	if err != nil || r.ExitCode != 0 {
		return false
	}
	return catalog.Series(catalog.ClickHouse, strings.TrimSpace(string(r.Stdout))) == catalog.Series(catalog.ClickHouse, c.Engines(v).ClickHouse.Version)
}

func askHealth(ctx context.Context, st *siteEngine, rec site.Record, g *gate.Facts) {
	door, err := doorOf(rec, st.Stack)
	if err != nil {
		g.FailedWhy = err.Error()
		return
	}
	checks := healthChecks(st.Stack, door, healthOptions{limit: gateHealthLimit})
	door.Limit = gateCanaryLimit
	r, err := health.Run(ctx, append(checks, health.Canary{Door: door, Commands: st, Limit: gateCanaryLimit}.Check()))
	if err != nil {
		g.FailedWhy = err.Error()
		return
	}
	g.Failed = r.Failed()
}

// unapplied lists the migrations of Sentry and Snuba that have not run, or are
// running.
func unapplied(ctx context.Context, st *siteEngine) (list []string, why string) {
	ctx, cancel := context.WithTimeout(ctx, gateMigrationLimit)
	defer cancel()
	for _, ask := range []struct {
		service string
		command []string
	}{
		{"web", []string{"sentry", "django", "showmigrations", "--plan"}},
		{"snuba-api", []string{"snuba", "migrations", "list"}},
	} {
		r, err := st.Exec(ctx, ask.service, workload.Exec{Command: ask.command, Quiet: true})
		if err == nil && r.ExitCode != 0 {
			err = fmt.Errorf("%s in %s ended with %d", strings.Join(ask.command, " "), ask.service, r.ExitCode)
		}
		if err != nil {
			return nil, err.Error()
		}
		left, named := pending(ask.service, string(r.Stdout))
		if !named {
			return nil, fmt.Sprintf("%s in %s names no migration", strings.Join(ask.command, " "), ask.service)
		}
		list = append(list, left...)
	}
	return list, ""
}

// pending reads which migrations have not run, or are running. Where none is
// named at all, nobody has answered.
func pending(service, out string) (left []string, named bool) {
	for line := range strings.Lines(out) {
		mark, name, ok := strings.Cut(strings.TrimSpace(line), "]")
		if !ok || !strings.HasPrefix(mark, "[") {
			continue
		}
		named = true
		if mark != "[X" {
			left = append(left, service+" "+strings.TrimSpace(name))
		}
	}
	return left, named
}

// hopsLooked takes the site's files through every release of the path, in
// memory, and asks for what they need.
type hopsLooked struct {
	app     *app
	catalog *catalog.Catalog
	site    *site.Site
	config  *siteConfig
	stack   *siteEngine
	plan    plan.Plan
	options upgradeOptions

	hops    []gate.Hop
	missing []string // images of the whole path
	files   gate.Files
	base    gate.Tree
}

func (h *hopsLooked) look(ctx context.Context, g *gate.Facts) error {
	scratch, err := os.MkdirTemp("", "sentryctl-check-")
	if err != nil {
		return fmt.Errorf("make room for releases: %w", err)
	}
	defer os.RemoveAll(scratch)
	if h.base, err = h.config.releaseTree(h.plan.From, h.site.ReleaseDir(h.plan.From)); err != nil {
		return err
	}
	g.PreflightWhy = "the release's project could not be read"
	for _, hop := range h.plan.Hops {
		dir, err := h.app.hopTree(ctx, h.site, hop.To, scratch, h.options.sources().of(hop.To, h.plan.To))
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			h.hops = append(h.hops, gate.Hop{Version: hop.To, TreeWhy: err.Error()})
			continue
		}
		model, err := h.hop(ctx, hop.To, dir)
		if err != nil {
			return err
		}
		if model == nil || hop.To != h.plan.To {
			continue
		}
		if g.Preflight, err = h.preflight(ctx, model); err != nil {
			return err
		}
		g.PreflightWhy = ""
	}
	g.Hops, g.Unreachable = h.hops, h.unreachable(ctx)
	return ctx.Err()
}

// hop looks at one release whose tree is here. The configuration of the first
// is written, too, as far as that can be told without touching anything.
func (h *hopsLooked) hop(ctx context.Context, v calver.Version, dir string) (*release.Model, error) {
	theirs, err := h.config.releaseTree(v, dir)
	if err != nil {
		return nil, err
	}
	disk := os.DirFS(h.site.Dir)
	hop := gate.Hop{Version: v}
	if h.files, hop.Conflicts, err = gate.Carry(h.base, theirs, disk, h.files); err != nil {
		return nil, err
	}
	h.base = theirs
	if len(h.hops) == 0 && len(hop.Conflicts) == 0 {
		if _, err := h.config.renderFor(v, os.DirFS(dir), gate.Over(h.files, disk)); err != nil {
			hop.Config = firstLine(err.Error())
		}
	}
	if err := h.amend(v); err != nil {
		hop.Config = firstLine(err.Error())
	}
	model, missing, err := h.project(ctx, dir)
	if err != nil {
		hop.Project = err.Error()
	}
	hop.Missing = missing
	h.hops = append(h.hops, hop)
	return model, nil
}

// amend writes what a release demands of settings that an older one left behind.
func (h *hopsLooked) amend(v calver.Version) error {
	data, err := fs.ReadFile(gate.Over(h.files, os.DirFS(h.site.Dir)), upgrade.Conf)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", upgrade.Conf, err)
	}
	out, changed, err := config.Amend(v, data)
	if err == nil && len(changed) > 0 {
		h.files[upgrade.Conf] = out
	}
	return err
}

// releaseTree is a release with what the site's answers make of it.
func (c *siteConfig) releaseTree(v calver.Version, dir string) (gate.Tree, error) {
	files, err := c.renderFor(v, os.DirFS(dir), nil)
	if err != nil {
		return gate.Tree{}, err
	}
	return gate.Tree{FS: os.DirFS(dir), Rendered: upgrade.RenderedKeys(files)}, nil
}

// treeSources say where the trees of releases come from.
type treeSources struct {
	dir    string // holds releases by version
	target string // is the release to come to
}

func (o upgradeOptions) sources() treeSources { return treeSources{o.releases, o.source} }

// of is where a release on the way to another comes from, "" for the public
// archive.
func (t treeSources) of(v, target calver.Version) string {
	if t.target != "" && v == target {
		return t.target
	}
	if t.dir == "" {
		return ""
	}
	source := filepath.Join(t.dir, v.String())
	for _, ext := range []string{".tar.gz", ".tar.zst", ".tar", ".zip"} {
		if !exists(source) && exists(source+ext) {
			source += ext
		}
	}
	return source
}

// hopTree finds the tree of a release: where its source says, else in the site;
// without a source in the site, else in the public archive.
func (a *app) hopTree(ctx context.Context, s *site.Site, v calver.Version, scratch, source string) (string, error) {
	tree, err := a.hopRelease(ctx, s, v, scratch, source)
	return tree.Dir, err
}

func (a *app) hopRelease(ctx context.Context, s *site.Site, v calver.Version, scratch, source string) (release.Tree, error) {
	// What the site has may come from an earlier try, and be what made it fail.
	named := source != "" && (exists(source) || strings.Contains(source, "://"))
	if tree, err := release.Open(s.ReleaseDir(v)); err == nil && !named {
		tree.Version = v
		return tree, nil
	}
	return a.fetcher(event.Discard{}, "").Fetch(ctx, source, v, filepath.Join(scratch, v.String()))
}

// project loads the compose project that a release would make of this site, and
// lists the images that the Engine lacks for it.
func (h *hopsLooked) project(ctx context.Context, dir string) (*release.Model, []string, error) {
	p, err := stack.Load(ctx, treeOptions(h.site, dir))
	if err != nil {
		return nil, nil, err
	}
	missing, err := h.stack.engine.Stack(p, event.Discard{}).MissingImages(ctx)
	model := p.Model()
	return &model, missing, err
}

// tellGate writes the report; a path that is blocked is an error.
func (a *app) tellGate(f gate.Facts, r gate.Report) error {
	var err error
	if a.jsonOut() {
		err = a.writeJSON(struct {
			Type string         `json:"type"`
			From calver.Version `json:"from"`
			To   calver.Version `json:"to"`
			gate.Report
		}{"gate", f.Plan.From, f.Plan.To, r})
	} else {
		err = writeGate(a.stdout, f.Plan, r)
	}
	switch {
	case err != nil:
		return err
	case r.Blocked:
		return fault.New(fault.PreflightBlocked, "Follow the hints, then ask again", "the upgrade cannot begin: %s", strings.Join(r.Blocking(), ", ")).WithDoc("docs/upgrade.md")
	case a.jsonOut():
		return a.writeJSON(struct {
			Type string `json:"type"`
			OK   bool   `json:"ok"`
		}{"result", true})
	}
	return nil
}

func writeGate(out io.Writer, p plan.Plan, r gate.Report) error {
	w := &planWriter{}
	fmt.Fprintf(&w.b, "Check the upgrade %s to %s: %s\n", p.From, p.To, plural(len(p.Hops), "hop"))
	for _, f := range r.Findings {
		text := f.Title
		if f.Said != "" {
			text += ": " + f.Said
		}
		w.line(map[gate.State]string{gate.OK: "ok", gate.Warn: "warn", gate.Block: "BLOCK"}[f.State], text)
		if f.Hint != "" && f.State != gate.OK {
			w.line("", "  "+f.Hint)
		}
	}
	_, err := io.WriteString(out, w.b.String())
	return err
}
