package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/backup/joblog"
	"github.com/sentryctl/sentryctl/internal/backup/notify"
	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/catalog"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/step"
	"github.com/sentryctl/sentryctl/internal/upgrade"
	"github.com/sentryctl/sentryctl/internal/upgrade/plan"
	"github.com/sentryctl/sentryctl/internal/upgrade/policy"
)

const taskUpgrade = "upgrade"

// Size of the log of unattended upgrades, and older files that stay.
const (
	unattendedLogSize = 10 << 20
	unattendedLogKeep = 5
)

// unattended is one call of an upgrade that nobody watches.
type unattended struct {
	taskRun

	app     *app
	catalog *catalog.Catalog
	options upgradeOptions
	policy  policy.Policy
}

// heldAgainst is how the policy stands to the upgrade, for programs.
type heldAgainst struct {
	Type  string         `json:"type"`
	Site  string         `json:"site"`
	From  calver.Version `json:"from"`
	To    calver.Version `json:"to"`
	Go    bool           `json:"go"`
	Unmet []policy.Unmet `json:"unmet"`
}

func (o upgradeOptions) checkUnattended() error {
	switch {
	case o.policy == "" && o.unattended:
		return fault.New(fault.Usage, "Add --policy FILE; docs/unattended.md says what stands in it", "an upgrade that nobody watches needs a policy").WithDoc("docs/unattended.md")
	case o.policy != "" && !o.unattended:
		return fault.New(fault.Usage, "Add --unattended, or leave --policy out", "--policy is for an upgrade that nobody watches")
	case o.unattended && (o.plan || o.check || o.noRollback || o.pause || o.acceptAvoided || o.from != ""):
		return fault.New(fault.Usage, "Leave --plan, --check, --from, --no-rollback, --pause-after-hop and --accept-avoided out", "--unattended takes no risk and stands alone")
	}
	return nil
}

// runUnattended upgrades if the policy lets it, and tells those who want to
// know of its end.
func (a *app) runUnattended(ctx context.Context, c *catalog.Catalog, o upgradeOptions) error {
	p, err := policy.Read(o.policy)
	if err != nil {
		return err
	}
	s, rec, err := site.Open(o.site)
	if err != nil {
		return err
	}
	unlock, err := s.Lock("sentryctl upgrade --unattended --site " + s.Dir)
	if err == nil {
		err = unlock() // nobody else is at work; the upgrade itself takes it anew
	}
	if err != nil {
		return err
	}
	told, badConfig := notify.Read(notify.Path(s))
	log, err := joblog.Open(s.Own("upgrade", "log", "runs.jsonl"), unattendedLogSize, unattendedLogKeep)
	if err != nil {
		return err
	}
	defer log.Close()
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	u := &unattended{app: a, catalog: c, options: o, policy: p,
		taskRun: taskRun{site: s, record: rec, notifier: notify.Notifier{Config: told, Pause: 5 * time.Second}, log: log, program: program}}
	return errors.Join(u.run(ctx), badConfig)
}

func (u *unattended) run(ctx context.Context) error {
	begun := time.Now()
	unfinished, goesOn, err := u.unfinished(ctx)
	if err != nil {
		return u.failed(ctx, begun, err)
	}
	if goesOn { // the site stands still since then: the window has to wait, for this hop
		return u.carryOut(ctx, []string{"resume", "--" + thisHopFlag})
	}
	p, some, err := u.plan(ctx)
	if err != nil {
		return u.failed(ctx, begun, err)
	}
	if !some {
		return u.nothing()
	}
	unmet, err := u.decide(ctx, p, unfinished, nil)
	if err == nil && len(unmet) == 0 && u.policy.Rehearse {
		p, unmet, err = u.rehearse(ctx, p)
	}
	if err != nil {
		return u.failed(ctx, begun, err)
	}
	if err := u.tell(p, unmet); err != nil {
		return err
	}
	if len(unmet) > 0 {
		return u.refused(ctx, begun, p, unmet)
	}
	args := u.args(p.To, "--yes")
	if w := u.policy.Window; w != nil {
		closes, open := w.Open(time.Now())
		if !open { // it closed just now
			closes = time.Now()
		}
		args = append(args, "--"+stopBeforeFlag, closes.Format(time.RFC3339))
	}
	return u.carryOut(ctx, args)
}

// rehearse tries it on a copy. That takes its time and tells how long the
// upgrade takes, so everything is asked again.
func (u *unattended) rehearse(ctx context.Context, p plan.Plan) (plan.Plan, []policy.Unmet, error) {
	line, failed := u.carry(ctx, u.args(p.To, "--rehearse"))
	if failed != nil && line.Error != "" {
		failed = errors.New(line.Error)
	}
	if ctx.Err() != nil {
		return p, nil, ctx.Err()
	}
	unfinished, goesOn, err := u.unfinished(ctx)
	if err != nil {
		return p, nil, err
	}
	if goesOn {
		return p, nil, fault.New(fault.Resumable, "Look what became of it: sentryctl history", "somebody began an upgrade or a rollback meanwhile")
	}
	if u.record, err = u.site.ReadRecord(); err != nil {
		return p, nil, err
	}
	again, _, err := u.planTo(ctx, p.To.String())
	if err != nil {
		return p, nil, err
	}
	if failed == nil && !slices.EqualFunc(again.Hops, p.Hops, func(a, b plan.Hop) bool { return a.To == b.To }) {
		failed = errors.New("the path is another by now than the one that was rehearsed")
	}
	unmet, err := u.decide(ctx, again, unfinished, failed)
	return again, unmet, err
}

// unfinished names a run that did not come to its end, and tells whether it is
// an upgrade that goes on by itself. One that an admin wants left as it is
// does not.
func (u *unattended) unfinished(ctx context.Context) (run string, goesOn bool, err error) {
	last, open, err := u.site.Unfinished()
	if err != nil || !open {
		return "", false, err
	}
	header, _ := step.HeaderOf(last.Records)
	if header.Workflow != upgradeWorkflow && header.Workflow != rollbackWorkflow {
		return last.ID, false, nil
	}
	var b upgrade.Begun
	found, err := upgrade.ReadNote(u.site, &b)
	if err == nil && last.ID == b.Run && upgrade.HowFar(b.Hop, last.Records) == upgrade.Untouched {
		return "", false, u.giveUp(ctx, b, last.Records)
	}
	return last.ID, found && !b.NoRollback, err
}

// giveUp ends a hop that has stopped nothing: the site serves, so the policy
// says when another begins.
func (u *unattended) giveUp(ctx context.Context, b upgrade.Begun, records []step.Record) error {
	unlock, err := u.site.Lock("sentryctl upgrade --unattended --site " + u.site.Dir)
	if err != nil {
		return err
	}
	return errors.Join(u.letGo(ctx, b, records), upgrade.DropBallast(u.site), finishRun(u.site, b.Run), unlock())
}

// letGo gives back what the hop has on the Engine, if it came so far: the room that it keeps
// for its way back, and the names of the images in use.
func (u *unattended) letGo(ctx context.Context, b upgrade.Begun, records []step.Record) error {
	kept := slices.ContainsFunc(records, func(r step.Record) bool { return r.Step == upgrade.KeepRoomID })
	building := upgrade.Building(records)
	if !kept && !building {
		return nil
	}
	st, err := siteStack(ctx, u.site)
	if err != nil {
		return err
	}
	defer st.close()
	if building {
		err = upgrade.UseFormer(ctx, st, b.Hop.From)
	}
	return errors.Join(err, upgrade.DropRoom(ctx, st))
}

// plan finds where the policy leads to; false when it leads nowhere.
func (u *unattended) plan(ctx context.Context) (plan.Plan, bool, error) {
	to := u.options.to
	if to == "" || to == "latest" {
		v, some := u.policy.Target(u.releases(), u.record.Version, time.Now())
		if !some {
			return plan.Plan{}, false, nil
		}
		to = v.String()
	}
	return u.planTo(ctx, to)
}

func (u *unattended) planTo(ctx context.Context, to string) (plan.Plan, bool, error) {
	p, _, err := planSite(ctx, u.catalog, plan.Request{To: to, Profile: u.options.profile}, u.site, u.record)
	if err != nil || len(p.Hops) == 0 {
		return p, false, err
	}
	return p, true, nil
}

func (u *unattended) releases() []policy.Release {
	var list []policy.Release
	for _, r := range u.catalog.Releases() {
		_, avoid := u.catalog.Avoid(r.Version)
		date, _ := time.Parse(time.DateOnly, r.Date) // zero says that nobody knows
		list = append(list, policy.Release{Version: r.Version, Date: date, Avoid: avoid})
	}
	return list
}

// decide holds the facts against the policy. The site is looked at last, and
// only when all else is met.
func (u *unattended) decide(ctx context.Context, p plan.Plan, unfinished string, rehearsal error) ([]policy.Unmet, error) {
	f := policy.Facts{From: p.From, To: p.To, Downtime: p.DowntimeNS, Unfinished: unfinished, Rehearsal: rehearsal}
	for _, h := range p.Hops {
		for _, r := range u.releases() {
			if r.Version == h.To {
				f.Hops = append(f.Hops, r)
			}
		}
	}
	if u.policy.DrillDays > 0 {
		d, found, forged, err := backup.NewestGoodDrill(u.site)
		if err != nil {
			return nil, err
		}
		f.Drill.Forged = forged
		if found {
			f.Drill.Begun = d.Begun
		}
	}
	before := u.policy
	before.HealthyHours = 0
	if u.policy.HealthyHours > 0 && len(policy.Decide(before, f, time.Now())) == 0 {
		look(ctx, u.site, u.record, byUnattended)
	}
	var err error
	f.Seen, err = u.site.Sightings()
	return policy.Decide(u.policy, f, time.Now()), err
}

// args are those of the upgrade that is begun, or rehearsed.
func (u *unattended) args(to calver.Version, how string) []string {
	o := u.options
	args := []string{"upgrade", how, "--to", to.String()}
	for flag, value := range map[string]string{"--releases": o.releases, "--source": o.source, "--profile": o.profile, "--catalog": o.catalog, "--repo": o.repo, "--password-file": o.passwordFile} {
		if value != "" {
			args = append(args, flag, value)
		}
	}
	if o.stopIngest {
		args = append(args, "--stop-ingest")
	}
	if o.keepCheckpoints {
		args = append(args, "--keep-checkpoints")
	}
	args = append(args, "--stall-alarm", o.stallAlarm.String())
	if o.hopTimeout > 0 {
		args = append(args, "--hop-timeout", o.hopTimeout.String())
	}
	return args
}

// carryOut runs a sentryctl of its own and tells of its end.
func (u *unattended) carryOut(ctx context.Context, args []string) error {
	begun, from := time.Now(), u.record.Version
	aside := context.WithoutCancel(ctx)
	u.note("ping", u.notifier.Started(aside))
	line, err := u.carry(ctx, args)
	n := u.notice(taskUpgrade, begun, line, err)
	if err == nil {
		if _, rec, openErr := site.Open(u.site.Dir); openErr == nil {
			u.record, n.Version = rec, rec.Version.String()
			n.Text = fmt.Sprintf("%s: %s to %s", n.Subject(), from, rec.Version)
		}
	}
	u.note("notice", u.notifier.Send(aside, n))
	if err != nil {
		return fault.New(fault.Code(n.Code), n.Hint, "upgrade: %s", n.Error)
	}
	return u.app.tellUpgraded(u.site, u.record, true)
}

func (u *unattended) nothing() error {
	if u.app.jsonOut() {
		return u.app.tellUpgraded(u.site, u.record, false)
	}
	return nil
}

func (u *unattended) tell(p plan.Plan, unmet []policy.Unmet) error {
	if !u.app.jsonOut() {
		return nil
	}
	return u.app.writeJSON(heldAgainst{"unattended", u.site.Dir, p.From, p.To, len(unmet) == 0, append([]policy.Unmet{}, unmet...)})
}

// refused is the error for clauses that stand against it. What time alone
// mends is nobody's business at night.
func (u *unattended) refused(ctx context.Context, begun time.Time, p plan.Plan, unmet []policy.Unmet) error {
	var texts []string
	hint := "Nothing has to be done: it is tried again with the next call"
	for i := len(unmet) - 1; i >= 0; i-- {
		texts = append([]string{unmet[i].Clause + ": " + unmet[i].Why}, texts...)
		if !unmet[i].Waits {
			hint = unmet[i].Hint
		}
	}
	err := fault.New(fault.UpgradeBlocked, hint, "the policy stands against %s to %s: %s", p.From, p.To, strings.Join(texts, "; ")).WithDoc("docs/unattended.md")
	if policy.OnlyWaits(unmet) {
		return err
	}
	return u.failed(ctx, begun, err)
}

// failed tells of an upgrade that did not begin.
func (u *unattended) failed(ctx context.Context, begun time.Time, err error) error {
	n := u.notice(taskUpgrade, begun, lastLine{Code: fault.CodeOf(err), Hint: fault.HintOf(err), Error: err.Error()}, err)
	u.note("notice", u.notifier.Send(context.WithoutCancel(ctx), n))
	return err
}
