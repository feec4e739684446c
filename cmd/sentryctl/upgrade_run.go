package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/sentryctl/sentryctl/internal/catalog"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/step"
	"github.com/sentryctl/sentryctl/internal/upgrade"
	"github.com/sentryctl/sentryctl/internal/upgrade/gate"
	"github.com/sentryctl/sentryctl/internal/upgrade/plan"
)

const upgradeWorkflow = "upgrade"

// runUpgradeNow takes the site along the whole path, one hop after the other.
func (a *app) runUpgradeNow(ctx context.Context, c *catalog.Catalog, o upgradeOptions) error {
	s, rec, err := site.Open(o.site)
	if err != nil {
		return err
	}
	if last, unfinished, err := s.Unfinished(); err != nil {
		return err
	} else if header, ok := step.HeaderOf(last.Records); unfinished && ok && header.Workflow == upgradeWorkflow {
		return a.resumeUpgrade(ctx, o.backupOptions, s, false)
	}
	p, facts, err := planSite(ctx, c, plan.Request{To: o.to, AcceptAvoided: o.acceptAvoided, Profile: o.profile}, s, rec)
	if err != nil {
		return err
	}
	if len(p.Hops) == 0 {
		return a.tellUpgraded(s, rec, false)
	}
	if err := a.passGate(ctx, c, s, rec, p, facts, o); err != nil {
		return err
	}
	trees, err := a.bringTrees(ctx, s, p, o.sources())
	if err != nil {
		return err
	}
	unlock, err := s.Lock("sentryctl upgrade --to " + p.To.String() + " --site " + s.Dir)
	if err != nil {
		return err
	}
	defer unlock()
	if err := asPlanned(s, p); err != nil {
		return err
	}
	for i, h := range p.Hops {
		if i > 0 {
			if err := a.askAgain(ctx, s, p, h); err != nil {
				return err
			}
		}
		if err := a.takeHop(ctx, s, o.backupOptions, o.begin(c, h, trees[i:], p)); err != nil {
			return err
		}
		if o.pause && i < len(p.Hops)-1 {
			break
		}
	}
	if _, rec, err = site.Open(s.Dir); err != nil {
		return err
	}
	return a.tellUpgraded(s, rec, true)
}

// asPlanned sees, once the lock is held, that no other run has changed the site
// while this one asked and waited for a yes.
func asPlanned(s *site.Site, p plan.Plan) error {
	last, unfinished, err := s.Unfinished()
	if err != nil {
		return err
	}
	rec, err := s.ReadRecord()
	switch {
	case err != nil:
		return err
	case unfinished:
		return fault.New(fault.Resumable, "Finish it first: sentryctl resume --site "+s.Dir, "run %s began after this upgrade was planned, and did not come to its end", last.ID)
	case rec.Version != p.From:
		return fault.New(fault.UpgradeBlocked, "Run the same command again", "another run has taken the site from %s to %s since this upgrade was planned", p.From, rec.Version)
	}
	return nil
}

// begin notes what a hop is going to be.
func (o upgradeOptions) begin(c *catalog.Catalog, h plan.Hop, trees []release.Tree, p plan.Plan) upgrade.Begun {
	now := time.Now()
	b := upgrade.Begun{
		Run: site.NewRunID(now, upgradeWorkflow), Set: upgrade.SetOf(now), Target: p.To.String(), Rungs: len(h.Rungs),
		PredictedNS: h.Downtime.NS, StopIngest: o.stopIngest, StopBefore: o.stopBefore, NoRollback: o.noRollback, Pause: o.pause, KeepSets: o.keepCheckpoints, AcceptAvoided: o.acceptAvoided,
		TimeoutNS: o.hopTimeout, StallNS: o.stallAlarm, Releases: fromAnywhere(o.releases), Source: fromAnywhere(o.source), Catalog: fromAnywhere(o.catalog), Profile: o.profile, Hop: upgrade.Hop{From: h.From, To: h.To, Tree: trees[0]},
	}
	b.Hop.Rungs, b.Hop.Postgres = rungsOf(c, h)
	b.Hop.NewKafka = h.NewKafka()
	for _, t := range trees[1:] {
		b.Hop.Ahead = append(b.Hop.Ahead, t.Dir)
	}
	return b
}

// fromAnywhere is a path, or a URL, as whoever goes on may read it: from another
// directory.
func fromAnywhere(path string) string {
	if path == "" || strings.Contains(path, "://") {
		return path
	}
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// rungsOf are the versions of the data engines that a hop starts by itself: those
// of ClickHouse before the release's own, and a PostgreSQL that is written anew.
func rungsOf(c *catalog.Catalog, h plan.Hop) (climb []upgrade.Rung, beside *upgrade.Beside) {
	carried := catalog.Series(catalog.ClickHouse, c.Engines(h.To).ClickHouse.Version)
	for _, r := range h.Rungs {
		if r.Beside {
			beside = &upgrade.Beside{From: r.From, To: r.To}
			continue
		}
		series := catalog.Series(catalog.ClickHouse, r.To)
		if r.Engine == catalog.ClickHouse && series != carried { // the release starts its own
			climb = append(climb, upgrade.Rung{Version: r.To, Series: series, Image: r.Image})
		}
	}
	return climb, beside
}

// passGate asks everything that could stop the upgrade, shows it, and asks
// for a yes.
func (a *app) passGate(ctx context.Context, c *catalog.Catalog, s *site.Site, rec site.Record, p plan.Plan, facts plan.Facts, o upgradeOptions) error {
	f, err := a.gateFacts(ctx, c, s, rec, p, facts, o)
	if err != nil {
		return err
	}
	r := gate.Judge(f)
	if r.Blocked {
		return a.tellGate(f, r)
	}
	if !a.jsonOut() {
		if err := writeGate(a.stderr, p, r); err != nil {
			return err
		}
	}
	if o.yes {
		return nil
	}
	ok, err := a.confirm(ctx, fmt.Sprintf("Upgrade %s from %s to %s in %s?", s.Dir, p.From, p.To, plural(len(p.Hops), "hop")), false)
	if err == nil && !ok {
		err = fault.New(fault.Cancelled, "Run it again when it suits", "nothing was changed")
	}
	return err
}

// bringTrees fetches the releases of the whole path.
func (a *app) bringTrees(ctx context.Context, s *site.Site, p plan.Plan, from treeSources) ([]release.Tree, error) {
	var trees []release.Tree
	for _, h := range p.Hops {
		tree, err := a.hopRelease(ctx, s, h.To, s.Own("upgrade", "trees"), from.of(h.To, p.To))
		if err != nil {
			return nil, err
		}
		trees = append(trees, tree)
	}
	return trees, nil
}

func (a *app) tellUpgraded(s *site.Site, rec site.Record, changed bool) error {
	if a.jsonOut() {
		return a.writeJSON(struct {
			Type    string `json:"type"`
			Site    string `json:"site"`
			Version string `json:"version"`
			Changed bool   `json:"changed"`
		}{"result", s.Dir, rec.Version.String(), changed})
	}
	if !changed {
		_, err := fmt.Fprintf(a.stdout, "%s is at Sentry %s: there is nothing to do.\n", s.Dir, rec.Version)
		return err
	}
	text := fmt.Sprintf("%s is at Sentry %s.", s.Dir, rec.Version)
	if outages, err := s.History(); err == nil && len(outages) > 0 {
		o := outages[len(outages)-1]
		text += fmt.Sprintf(" In the last hop the UI did not answer for %s, the ingest endpoint for %s.", o.UINS.Round(time.Second), o.IngestNS.Round(time.Second))
	}
	_, err := fmt.Fprintln(a.stdout, strings.TrimSpace(text)+" The way back: sentryctl rollback")
	return err
}
