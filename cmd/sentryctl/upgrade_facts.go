package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/catalog"
	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/preflight/machine"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/stack"
	"github.com/sentryctl/sentryctl/internal/upgrade"
	"github.com/sentryctl/sentryctl/internal/upgrade/plan"
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
	guess, _ := plan.New(c, r) // a path that there is not with these facts either ends below
	l, err := planLook(ctx, s)
	if err != nil { // a plan is made without
		p, err := plan.New(c, r)
		return p, r.Facts, err
	}
	defer l.engine.Close()
	asked := issueQueries(guess)
	r.Facts = l.facts(ctx, c, s, rec.Version, asked)
	hit := r.Facts.Hit
	r.Facts.Hit = nil
	p, err := plan.New(c, r)
	if err != nil {
		return p, r.Facts, err
	}
	// What was found may lead over other releases, with known issues of their own.
	more := issueQueries(p)
	maps.DeleteFunc(more, func(id, _ string) bool { return asked[id] != "" })
	maps.Copy(hit, askIssues(ctx, l.services, more))
	r.Facts.Hit = hit
	p, err = plan.New(c, r)
	return p, r.Facts, err
}

// siteLook is what a plan needs to look at a site. Its compose project is not
// loaded: that takes longer than all else.
type siteLook struct {
	engine   *stack.Engine
	services stack.Services
	volumes  []release.Volume
}

func planLook(ctx context.Context, s *site.Site) (*siteLook, error) {
	var model release.Model
	var readErr error
	var reading sync.WaitGroup
	reading.Go(func() { model, readErr = stack.Outline(ctx, s.Dir) })
	engine, err := stack.Connect(ctx)
	reading.Wait()
	if err != nil {
		return nil, err
	}
	if readErr != nil {
		engine.Close()
		return nil, fmt.Errorf("read the site's compose project: %w", readErr)
	}
	sized := slices.DeleteFunc(model.Volumes, func(v release.Volume) bool { return !slices.Contains(plan.Sized(), v.Name) })
	return &siteLook{engine, engine.Services(model.Project), sized}, nil
}

// facts asks the site and its Engine all at the same time: each answer takes the
// Engine a while.
func (l *siteLook) facts(ctx context.Context, c *catalog.Catalog, s *site.Site, from calver.Version, queries map[string]string) plan.Facts {
	var f plan.Facts
	var looks sync.WaitGroup
	looks.Go(func() { f.Hit = askIssues(ctx, l.services, queries) })
	looks.Go(func() { f.Data = dataVersions(ctx, l.services) })
	looks.Go(func() { f.Host = planHost(ctx, l.engine) })
	looks.Go(func() { f.Volumes = volumeSizes(ctx, l.engine, l.volumes, volumeLook) })
	looks.Go(func() { f.Images = knownImages(ctx, l.engine, c, s, from) })
	looks.Wait()
	return f
}

// siteRequest takes version, images, profile and history from the site's own files.
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
	if err != nil {
		return err
	}
	r.History = append(measured(outages), rehearsed(rehearsals)...)
	r.Images, err = siteImages(s, rec.Version)
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

// measured are the hops of a history. What a run closed before it was cut short
// counts with what it closed when it went on.
func measured(outages []site.Outage) []plan.Measured {
	var list []plan.Measured
	whole := map[string]time.Duration{}
	for _, o := range outages {
		if !o.To.IsZero() && o.From != o.To {
			whole[o.Run] += o.UINS
			list = append(list, plan.Measured{From: o.From, To: o.To, Rungs: o.Rungs, UI: whole[o.Run], OK: o.Result == site.ResultDone})
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

// siteStack returns the site's project on its Engine.
func siteStack(ctx context.Context, s *site.Site) (*siteEngine, error) {
	var project *stack.Project
	var loadErr error
	var loading sync.WaitGroup
	loading.Go(func() { project, loadErr = stack.Load(ctx, stack.LoadOptions{Dir: s.Dir}) })
	engine, err := stack.Connect(ctx)
	loading.Wait()
	if err != nil {
		return nil, err
	}
	if loadErr != nil {
		engine.Close()
		return nil, fmt.Errorf("read the site's compose project: %w", loadErr)
	}
	return &siteEngine{engine.Stack(project, event.Discard{}), engine}, nil
}

// planHost is what the Engine's machine has, nil when it does not say.
func planHost(ctx context.Context, engine *stack.Engine) *plan.Host {
	info, err := engine.Machine(ctx)
	if err != nil {
		return nil
	}
	host := &plan.Host{CPUs: info.NCPU, RAMMiB: int(info.MemTotal >> 20), FreeBytes: -1, Engine: info.ServerVersion}
	if disk, err := machine.Here().Disk(info.RootDir); err == nil && info.Local {
		host.FreeBytes = disk.FreeBytes
	}
	return host
}

// dataVersions reads what the engines have written into their volumes, through
// the containers that mount them.
func dataVersions(ctx context.Context, services stack.Services) map[string]string {
	var postgres, clickhouse []byte
	var reads sync.WaitGroup
	read := func(into *[]byte, service, file string) {
		if data, err := services.ReadFile(ctx, service, file); err == nil {
			*into = data
		}
	}
	reads.Go(func() { read(&postgres, "postgres", "/var/lib/postgresql/data/PG_VERSION") })
	reads.Go(func() { read(&clickhouse, "clickhouse", "/var/lib/clickhouse/status") })
	reads.Wait()
	found := map[string]string{}
	if postgres != nil {
		found[catalog.PostgreSQL] = plan.PostgresVersion(postgres)
	}
	if clickhouse != nil {
		found[catalog.ClickHouse] = plan.ClickHouseVersion(clickhouse)
	}
	return found
}

// knownImages reads the images of later releases whose trees the site keeps.
func knownImages(ctx context.Context, engine *stack.Engine, c *catalog.Catalog, s *site.Site, from calver.Version) map[calver.Version][]plan.Image {
	images := map[calver.Version][]plan.Image{}
	var mu sync.Mutex
	var trees sync.WaitGroup
	for _, v := range c.Versions() {
		if !from.Less(v) || !isDir(s.ReleaseDir(v)) {
			continue
		}
		trees.Go(func() {
			list, err := treeImages(ctx, engine, s.ReleaseDir(v))
			if err != nil {
				return // the tree is not whole: its images stay unknown
			}
			mu.Lock()
			defer mu.Unlock()
			images[v] = list
		})
	}
	trees.Wait()
	return images
}

// treeImages are those that a release pulls, asked for at once.
func treeImages(ctx context.Context, engine *stack.Engine, dir string) ([]plan.Image, error) {
	model, err := stack.Outline(ctx, dir)
	if err != nil {
		return nil, err
	}
	pulled := slices.DeleteFunc(model.Images, func(i release.Image) bool { return i.Local })
	images := make([]plan.Image, len(pulled))
	var looks sync.WaitGroup
	for n, i := range pulled {
		looks.Go(func() {
			bytes, present, err := engine.ImageSize(ctx, i.Ref)
			images[n] = plan.Image{Ref: i.Ref, Present: err == nil && present, Bytes: bytes}
		})
	}
	looks.Wait()
	return images, nil
}
