package main

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/catalog"
	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/preflight/machine"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/stack"
	"github.com/sentryctl/sentryctl/internal/upgrade"
	"github.com/sentryctl/sentryctl/internal/upgrade/plan"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// planFactsLimit bounds the look at the Engine; a plan does not wait for one.
const planFactsLimit = 10 * time.Second

// planUpgrade joins the wish with what the site says. With --from the site is
// left out: its data is another's.
func planUpgrade(ctx context.Context, c *catalog.Catalog, o upgradeOptions) (plan.Plan, error) {
	r := plan.Request{From: o.from, To: o.to, AcceptAvoided: o.acceptAvoided, Profile: o.profile}
	if o.from != "" {
		return plan.New(c, r)
	}
	s, rec, err := site.Open(o.site)
	if err != nil {
		return plan.Plan{}, err
	}
	p, _, err := planSite(ctx, c, r, s, rec)
	return p, err
}

// planSite plans for a site, and returns the facts that it found for that.
func planSite(ctx context.Context, c *catalog.Catalog, r plan.Request, s *site.Site, rec site.Record) (plan.Plan, plan.Facts, error) {
	if err := siteRequest(&r, s, rec); err != nil {
		return plan.Plan{}, r.Facts, err
	}
	ctx, cancel := context.WithTimeout(ctx, planFactsLimit)
	defer cancel()
	st, host, err := siteStack(ctx, s)
	if err != nil { // a plan is made without
		p, err := plan.New(c, r)
		return p, r.Facts, err
	}
	defer st.close()
	r.Facts = plan.Facts{Host: host, Data: dataVersions(ctx, st), Volumes: volumeSizes(ctx, st.Stack, volumeLook), Images: knownImages(ctx, st.engine, c, s, rec.Version)}
	p, err := plan.New(c, r)
	if err != nil {
		return p, r.Facts, err
	}
	// Only now is it known which of the known issues lie on the path.
	r.Facts.Hit = askIssues(ctx, st, p)
	p, err = plan.New(c, r)
	return p, r.Facts, err
}

// siteRequest takes version, profile and history from the site's own files.
func siteRequest(r *plan.Request, s *site.Site, rec site.Record) error {
	var answers config.Answers
	if !rec.Answers.IsZero() {
		if err := rec.Answers.Decode(&answers); err != nil {
			return fmt.Errorf("read the site's answers: %w", err)
		}
	}
	r.From, r.Profile = cmp.Or(rec.Moving, rec.Version.String()), cmp.Or(r.Profile, answers.Profile)
	outages, err := s.History()
	if err != nil {
		return err
	}
	rehearsals, err := upgrade.Rehearsals(s)
	r.History = append(measured(outages), rehearsed(rehearsals)...)
	return err
}

func rehearsed(list []upgrade.Rehearsal) []plan.Measured {
	var hops []plan.Measured
	for _, r := range list {
		for _, h := range r.Hops {
			hops = append(hops, plan.Measured{From: h.From, To: h.To, Rungs: h.Rungs, UI: h.UI, OK: h.Good, Rehearsed: true})
		}
	}
	return hops
}

func measured(outages []site.Outage) []plan.Measured {
	var list []plan.Measured
	for _, o := range outages {
		if !o.To.IsZero() && o.From != o.To {
			list = append(list, plan.Measured{From: o.From, To: o.To, Rungs: o.Rungs, UI: o.UINS, OK: o.Result == site.ResultDone})
		}
	}
	return list
}

// siteEngine is the project of a site on an Engine that answers.
type siteEngine struct {
	*stack.Stack
	engine *stack.Engine
}

func (s *siteEngine) close() { s.engine.Close() }

// siteStack returns the site's project and what its machine has.
func siteStack(ctx context.Context, s *site.Site) (*siteEngine, *plan.Host, error) {
	engine, err := stack.Connect(ctx)
	if err != nil {
		return nil, nil, err
	}
	info, err := engine.Info(ctx)
	if err != nil {
		engine.Close()
		return nil, nil, err
	}
	project, err := stack.Load(ctx, stack.LoadOptions{Dir: s.Dir})
	if err != nil {
		engine.Close()
		return nil, nil, fmt.Errorf("read the site's compose project: %w", err)
	}
	host := &plan.Host{CPUs: info.NCPU, RAMMiB: int(info.MemTotal >> 20), FreeBytes: -1}
	if disk, err := machine.Here().Disk(info.RootDir); err == nil && info.Local {
		host.FreeBytes = disk.FreeBytes
	}
	return &siteEngine{engine.Stack(project, event.Discard{}), engine}, host, nil
}

// dataVersions reads what the engines have written into their volumes, through
// the containers that mount them.
func dataVersions(ctx context.Context, st *siteEngine) map[string]string {
	found := map[string]string{}
	if file, err := st.ReadServiceFile(ctx, "postgres", "/var/lib/postgresql/data/PG_VERSION"); err == nil {
		found[catalog.PostgreSQL] = plan.PostgresVersion(file)
	}
	if file, err := st.ReadServiceFile(ctx, "clickhouse", "/var/lib/clickhouse/status"); err == nil {
		found[catalog.ClickHouse] = plan.ClickHouseVersion(file)
	}
	return found
}

// knownImages reads the images of later releases whose trees the site keeps.
func knownImages(ctx context.Context, engine *stack.Engine, c *catalog.Catalog, s *site.Site, from calver.Version) map[calver.Version][]plan.Image {
	images := map[calver.Version][]plan.Image{}
	for _, v := range c.Versions() {
		if !from.Less(v) || !isDir(s.ReleaseDir(v)) {
			continue
		}
		p, err := stack.Load(ctx, stack.LoadOptions{Dir: s.ReleaseDir(v)})
		if err != nil {
			continue // the tree is not whole: its images stay unknown
		}
		for _, i := range p.Model().Images {
			if i.Local {
				continue
			}
			bytes, present, err := engine.ImageSize(ctx, i.Ref)
			images[v] = append(images[v], plan.Image{Ref: i.Ref, Present: err == nil && present, Bytes: bytes})
		}
	}
	return images
}

// askIssues puts the queries of the known issues on the path to the site's
// database. What does not answer stays unknown.
func askIssues(ctx context.Context, st *siteEngine, p plan.Plan) map[string]bool {
	hit := map[string]bool{}
	for _, h := range p.Hops {
		for _, i := range h.Issues {
			if i.Query == nil || i.Query.Store != catalog.PostgreSQL {
				continue
			}
			if n, err := countRows(ctx, st, i.Query.SQL); err == nil {
				hit[i.ID] = n > 0
			}
		}
	}
	return hit
}

// countRows runs a query that gives one number.
func countRows(ctx context.Context, st *siteEngine, sql string) (int, error) {
	out, err := psql(ctx, st, sql)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(out)
}

// psql runs a query in the site's database. The session cannot write, and the
// server ends it after some seconds.
func psql(ctx context.Context, st *siteEngine, sql string) (string, error) {
	r, err := st.Exec(ctx, "postgres", workload.Exec{
		Command: []string{"psql", "-U", "postgres", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", sql},
		Env:     []string{"PGOPTIONS=-c default_transaction_read_only=on -c statement_timeout=4000"}, Quiet: true,
	})
	if err != nil {
		return "", err
	}
	if r.ExitCode != 0 {
		return "", fmt.Errorf("psql ended with %d", r.ExitCode)
	}
	return strings.TrimSpace(string(r.Stdout)), nil
}
