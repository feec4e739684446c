package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/catalog"
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
	g, err := a.gateFacts(ctx, s, rec, p, facts, o)
	if err != nil {
		return err
	}
	return a.tellGate(g, gate.Judge(g))
}

// gateFacts gathers what the gate judges.
func (a *app) gateFacts(ctx context.Context, s *site.Site, rec site.Record, p plan.Plan, facts plan.Facts, o upgradeOptions) (gate.Facts, error) {
	g := gate.Facts{Plan: p, Site: s.Dir, DataRead: map[string]bool{}}
	st, _, err := siteStack(ctx, s)
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
	askHealth(ctx, st, rec, &g)
	g.Unapplied, g.MigrationsWhy = unapplied(ctx, st)
	if g.Checkpoint, err = a.checkpointPlace(ctx, s, o.backupOptions); err != nil {
		g.CheckpointWhy, g.CheckpointHint = err.Error(), fault.HintOf(err)
	}
	g.Hops, err = a.lookAtHops(ctx, st, s, p, o)
	return g, err
}

func askHealth(ctx context.Context, st *siteEngine, rec site.Record, g *gate.Facts) {
	door, err := doorOf(rec, st.Stack)
	if err != nil {
		g.FailedWhy = err.Error()
		return
	}
	r, err := health.Run(ctx, healthChecks(st.Stack, door, healthOptions{limit: gateHealthLimit}))
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
		for line := range strings.Lines(string(r.Stdout)) {
			mark, name, ok := strings.Cut(strings.TrimSpace(line), "]")
			if ok && strings.HasPrefix(mark, "[") && mark != "[X" {
				list = append(list, ask.service+" "+strings.TrimSpace(name))
			}
		}
	}
	return list, ""
}

// lookAtHops takes the site's files through every release of the path, in
// memory.
func (a *app) lookAtHops(ctx context.Context, st *siteEngine, s *site.Site, p plan.Plan, o upgradeOptions) ([]gate.Hop, error) {
	scratch, err := os.MkdirTemp("", "sentryctl-check-")
	if err != nil {
		return nil, fmt.Errorf("make room for releases: %w", err)
	}
	defer os.RemoveAll(scratch)
	c, err := openConfig(s.Dir)
	if err != nil {
		return nil, err
	}
	base, err := c.releaseTree(p.From, s.ReleaseDir(p.From))
	if err != nil {
		return nil, err
	}
	var hops []gate.Hop
	var files gate.Files
	for _, h := range p.Hops {
		hop := gate.Hop{Version: h.To}
		dir, err := a.hopTree(ctx, s, h.To, scratch, o.sources().of(h.To, p.To))
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			hop.TreeWhy = err.Error()
			hops = append(hops, hop)
			continue
		}
		theirs, err := c.releaseTree(h.To, dir)
		if err != nil {
			return nil, err
		}
		if files, hop.Conflicts, err = gate.Carry(base, theirs, os.DirFS(s.Dir), files); err != nil {
			return nil, err
		}
		base = theirs
		hop.Project, hop.Missing = projectOf(ctx, st, s, dir)
		hops = append(hops, hop)
	}
	return hops, nil
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

// hopTree finds the tree of a release: in the site, or where its source says,
// "" for the public archive.
func (a *app) hopTree(ctx context.Context, s *site.Site, v calver.Version, scratch, source string) (string, error) {
	tree, err := a.hopRelease(ctx, s, v, scratch, source)
	return tree.Dir, err
}

func (a *app) hopRelease(ctx context.Context, s *site.Site, v calver.Version, scratch, source string) (release.Tree, error) {
	if tree, err := release.Open(s.ReleaseDir(v)); err == nil {
		tree.Version = v
		return tree, nil
	}
	return a.fetcher(event.Discard{}, "").Fetch(ctx, source, v, filepath.Join(scratch, v.String()))
}

// projectOf loads the compose project that a release would make of this site,
// and lists the images that the Engine lacks for it.
func projectOf(ctx context.Context, st *siteEngine, s *site.Site, dir string) (why string, missing []string) {
	project, err := stack.Load(ctx, treeOptions(s, dir))
	if err != nil {
		return err.Error(), nil
	}
	for _, i := range project.Model().Images {
		if i.Local {
			continue
		}
		if here, err := st.engine.ImagePresent(ctx, i.Ref); err != nil || !here {
			missing = append(missing, i.Ref)
		}
	}
	return "", missing
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
