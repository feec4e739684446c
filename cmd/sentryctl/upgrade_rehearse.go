package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/sentryctl/sentryctl/internal/catalog"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/stack"
	"github.com/sentryctl/sentryctl/internal/ui/format"
	"github.com/sentryctl/sentryctl/internal/ui/redact"
	"github.com/sentryctl/sentryctl/internal/upgrade"
	"github.com/sentryctl/sentryctl/internal/upgrade/plan"
)

// sweepLimit is how long the end of a rehearsal may take.
const sweepLimit = 5 * time.Minute

// rehearsal is an upgrade that is tried on a copy of the site.
type rehearsal struct {
	app     *app
	site    *site.Site
	record  site.Record
	options upgradeOptions
	catalog *catalog.Catalog
	plan    plan.Plan
	work    *site.Site // holds the lock and the copy's files
	copy    *site.Site
	engine  *stack.Engine
	info    stack.Info
	sink    *redact.Sink
	report  upgrade.Rehearsal
}

func (o upgradeOptions) checkRehearse() error {
	if o.rehearse && (o.plan || o.check || o.unattended || o.pause || o.noRollback || o.from != "") {
		return fault.New(fault.Usage, "Leave --plan, --check, --unattended, --from, --no-rollback and --pause-after-hop out", "--rehearse tries the whole path on a copy and stands alone")
	}
	return nil
}

// runRehearse tries an upgrade on a copy of the site, which it does not touch.
func (a *app) runRehearse(ctx context.Context, c *catalog.Catalog, o upgradeOptions) error {
	s, rec, err := site.Open(o.site)
	if err != nil {
		return err
	}
	p, _, err := planSite(ctx, c, plan.Request{To: o.to, AcceptAvoided: o.acceptAvoided, Profile: o.profile}, s, rec)
	if err != nil {
		return err
	}
	if len(p.Hops) == 0 {
		return a.tellUpgraded(s, rec, false)
	}
	for _, h := range p.Hops {
		if h.ByHand {
			return fault.New(fault.UpgradeBlocked, fmt.Sprintf("Take that hop with the install.sh of %s", h.To), "%s is too old to be rehearsed", h.To)
		}
	}
	r := &rehearsal{app: a, site: s, record: rec, options: o, catalog: c, plan: p,
		report: upgrade.Rehearsal{Site: s.Dir, Begun: time.Now().UTC(), From: p.From, To: p.To, Used: -1, Hops: []upgrade.RehearsedHop{}}}
	end, err := r.open(ctx)
	if err != nil {
		return err
	}
	defer end()
	var failed error
	err = a.withSink(ctx, func(ctx context.Context, sink *redact.Sink) (err error) {
		r.sink = sink
		failed, err = r.carryOut(ctx)
		return err
	})
	if err != nil {
		return errors.Join(failed, err)
	}
	if failed != nil && fault.CodeOf(failed) != fault.Resumable {
		return failed // nothing was tried that would tell of the upgrade
	}
	return r.tell(failed)
}

// open takes the lock of rehearsals, and the Engine. A site may be backed up
// while its copy is upgraded.
func (r *rehearsal) open(ctx context.Context) (end func(), err error) {
	if r.work, err = site.At(r.site.Own("rehearsal")); err == nil {
		err = r.work.Create()
	}
	if err == nil {
		r.copy, err = site.At(r.work.Path("site"))
	}
	if err != nil {
		return nil, err
	}
	unlock, err := r.work.Lock("sentryctl upgrade --rehearse --site " + r.site.Dir)
	if err != nil {
		return nil, err
	}
	if r.engine, err = stack.Connect(ctx); err != nil {
		return nil, errors.Join(err, unlock())
	}
	end = func() { // the kernel does both when the process ends
		_ = r.engine.Close()
		_ = unlock()
	}
	if r.info, err = r.engine.Info(ctx); err == nil && !r.info.Local {
		err = fault.New(fault.Usage, "Run it on the Engine's machine", "a copy publishes no port, so it can be reached from the Engine's own machine only")
	}
	if err != nil {
		end()
		return nil, err
	}
	return end, nil
}

// carryOut makes the copy, takes it along the path, and removes it whatever
// happens. What failed of the upgrade is the first error; the second says that
// it could not be tried, or that something was left.
func (r *rehearsal) carryOut(ctx context.Context) (failed, err error) {
	if err := r.sweep(ctx); err != nil {
		return nil, fmt.Errorf("remove what a rehearsal before has left: %w", err)
	}
	before := r.free()
	failed = r.try(ctx)
	r.report.Took = time.Now().UTC().Sub(r.report.Begun)
	if after := r.free(); before >= 0 && after >= 0 {
		r.report.Used = max(0, before-after)
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), sweepLimit)
	defer cancel()
	if err = r.sweep(bounded); err != nil {
		err = fmt.Errorf("remove the copy; the next rehearsal or sentryctl resume tries again: %w", err)
	}
	return failed, err
}

// sweep removes all that a rehearsal has or has left, also one that was killed.
func (r *rehearsal) sweep(ctx context.Context) error {
	st, err := r.apart(ctx)
	if err != nil {
		return err
	}
	if err := st.Raze(ctx); err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(r.work.Path("trees")), os.RemoveAll(r.copy.Dir))
}

// sweepRehearsal removes what one that was killed has left; false when there is
// nothing.
func (a *app) sweepRehearsal(ctx context.Context, s *site.Site, rec site.Record) (bool, error) {
	if !exists(s.Own("rehearsal", "site")) {
		return false, nil
	}
	r := &rehearsal{app: a, site: s, record: rec, sink: redact.New(event.Discard{})}
	end, err := r.open(ctx)
	if err != nil {
		return true, err
	}
	defer end()
	return true, r.sweep(ctx)
}

func (a *app) tellSwept(s *site.Site, err error) error {
	if err == nil && a.jsonOut() {
		return a.writeJSON(struct {
			Type string `json:"type"`
			Next string `json:"next"`
		}{"result", "sentryctl upgrade --rehearse"})
	}
	if err == nil {
		_, err = fmt.Fprintf(a.stdout, "The copy that a rehearsal of %s has left is removed. Rehearse again with: sentryctl upgrade --rehearse\n", s.Dir)
	}
	return err
}

// copied says what the copy is called and may use. What has that name is
// removed without asking: nobody else would choose it.
func (r *rehearsal) copied() *siteCopy {
	return &siteCopy{options: stack.ApartOptions{Name: r.record.Project + "-sentryctl-rehearsal", CPUs: 1, Whole: true}}
}

// apart is the copy of the site's project as the site's own files give it.
func (r *rehearsal) apart(ctx context.Context) (*stack.Stack, error) {
	p, err := stack.Load(ctx, stack.LoadOptions{Dir: r.site.Dir})
	if err == nil {
		p, err = r.copied().of(p)
	}
	if err != nil {
		return nil, err
	}
	return r.engine.Stack(p, r.sink), nil
}

func (r *rehearsal) tell(failed error) error {
	r.report.Good = failed == nil
	if failed != nil {
		r.report.Problem = r.sink.Redact(failed.Error())
	}
	path, err := upgrade.SaveRehearsal(r.site, r.report)
	if err != nil {
		return errors.Join(failed, err)
	}
	if r.app.jsonOut() {
		kind := "result"
		if failed != nil {
			kind = "rehearsal"
		}
		err = r.app.writeJSON(struct {
			Type   string        `json:"type"`
			Report string        `json:"report"`
			Down   time.Duration `json:"downtime_ns"`
			upgrade.Rehearsal
		}{kind, path, r.report.Downtime(), r.report})
	} else {
		_, err = fmt.Fprint(r.app.stdout, rehearsalText(r.report, path))
	}
	return errors.Join(failed, err)
}

// rehearsalText is the report for people.
func rehearsalText(r upgrade.Rehearsal, path string) string {
	var b strings.Builder
	verdict := "went well"
	if !r.Good {
		verdict = "FAILED"
	}
	fmt.Fprintf(&b, "The rehearsal of %s to %s %s in %s.\n", r.From, r.To, verdict, format.Elapsed(r.Took))
	how := "copied"
	if r.Shared {
		how = "shared, block by block,"
	}
	fmt.Fprintf(&b, "  copy        %s %s in %s", format.Bytes(r.Copied), how, format.Elapsed(r.CopyTook))
	if r.Used >= 0 {
		fmt.Fprintf(&b, "; at the end %s of the disk were used, images included", format.Bytes(r.Used))
	}
	fmt.Fprintf(&b, "\n  start       %s until the copy worked at %s\n", format.Elapsed(r.StartTook), r.From)
	for _, h := range r.Hops {
		mark := "ok"
		if !h.Good {
			mark = "FAILED"
		}
		fmt.Fprintf(&b, "  %-10s  %s -> %s in %s: UI closed for %s, events for %s\n", mark, h.From, h.To, format.Elapsed(h.Took), format.Elapsed(h.UI), format.Elapsed(h.Ingest))
		for _, s := range h.Steps {
			if s.Took >= time.Second {
				fmt.Fprintf(&b, "              %-28s %s\n", s.ID, format.Elapsed(s.Took))
			}
		}
	}
	if r.Good {
		fmt.Fprintf(&b, "Predicted downtime: %s, and the checkpoint on top.\n", format.About(r.Downtime()))
	}
	fmt.Fprintf(&b, "The copy is removed. Report: %s\n", path)
	return b.String()
}
