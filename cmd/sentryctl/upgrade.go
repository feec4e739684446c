package main

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/catalog"
	"github.com/sentryctl/sentryctl/internal/fault"
)

type upgradeOptions struct {
	backupOptions
	unattended bool
	policy     string
	rehearse   bool
	plan       bool
	check      bool
	yes        bool
	noRollback bool
	pause      bool
	stopIngest bool

	stopBefore      time.Time // only --unattended says so
	keepCheckpoints bool
	hopTimeout      time.Duration
	stallAlarm      time.Duration
	releases        string
	source          string
	from            string
	to              string
	profile         string
	acceptAvoided   bool
	catalog         string
}

const stopBeforeFlag = "stop-before"

func newUpgradeCmd(a *app) *cobra.Command {
	var o upgradeOptions
	cmd := &cobra.Command{
		Use:   "upgrade",
		Short: "Take the site to another version, hop by hop, with a way back",
		Long: `Take the site to another version: past every hard stop, through the versions of
ClickHouse in between.

First everything that could stop the upgrade is asked, in one report (--check
asks only that), and you are asked once. Images are brought while the old
version serves. Then, for each hop: services stop, ingest stays open, a
checkpoint is made, files and data are brought to the release, everything
starts, and the site has to prove that it works, with an event sent in and
found. A hop that fails leads back to the former release and its data.

--rehearse carries the path out on a copy of the site: its files and volumes, in
a project of its own that publishes no port and reaches nothing outside. It
tells what failed, or how long all took, and removes the copy.

--unattended is for cron: it asks nobody, and begins only when --policy allows
it. See docs/unattended.md.

--plan says what would be done: hops, what each asks of the configuration, known
issues, room and downtime. It changes nothing and needs no network, and with
--from no site either.`,
		Example: `  sentryctl upgrade --to 25.10.0
  sentryctl upgrade --plan --to latest
  sentryctl upgrade --plan --from 22.8.0 --to 24.2.0
  sentryctl upgrade --plan --from 24.8.0 --output json
  sentryctl upgrade --check --to 25.10.0
  sentryctl upgrade --rehearse --to 25.10.0
  sentryctl upgrade --unattended --policy /etc/sentryctl/upgrade.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runUpgrade(cmd.Context(), o) },
	}
	f := cmd.Flags()
	f.BoolVar(&o.plan, "plan", false, "say what an upgrade would do")
	f.BoolVar(&o.check, "check", false, "ask everything that could stop the upgrade of a site, an event included, and change nothing")
	f.StringVar(&o.releases, "releases", "", "`DIR` with releases by version, trees or archives (default: the public archives)")
	f.BoolVar(&o.rehearse, "rehearse", false, "try it on a copy of the site, which is then removed")
	f.BoolVar(&o.unattended, "unattended", false, "upgrade only if --policy allows it now, and ask nobody")
	f.StringVar(&o.policy, "policy", "", "`FILE` that says when --unattended may upgrade, and how far")
	f.StringVar(&o.source, "source", "", "`PATH` of the release to come to: its tree or archive, or a URL")
	f.BoolVar(&o.yes, "yes", false, "do not ask")
	f.BoolVar(&o.noRollback, "no-rollback", false, "leave a hop that fails as it is")
	f.BoolVar(&o.pause, "pause-after-hop", false, "end after the first hop; the same command takes the next")
	f.BoolVar(&o.stopIngest, "stop-ingest", false, "stop relay and nginx too")
	f.TimeVar(&o.stopBefore, stopBeforeFlag, time.Time{}, []string{time.RFC3339}, "begin no interruption that is expected to last past this moment")
	_ = f.MarkHidden(stopBeforeFlag) // it is there
	f.BoolVar(&o.keepCheckpoints, "keep-checkpoints", false, "keep all checkpoints; else those before the newest two go after a good hop")
	f.DurationVar(&o.hopTimeout, "hop-timeout", 0, "take a hop back that takes longer (default: no limit)")
	f.DurationVar(&o.stallAlarm, "stall-alarm", 5*time.Minute, "warn when migrations have said nothing for so long, 0 for never")
	o.backupOptions.flags(cmd)
	f.StringVar(&o.from, "from", "", "plan from this `VERSION` instead of the site's")
	f.StringVar(&o.to, "to", "latest", "`VERSION` to come to")
	f.StringVar(&o.profile, "profile", "", "feature-complete or errors-only (default: the site's)")
	f.BoolVar(&o.acceptAvoided, "accept-avoided", false, "take a target that is known to be bad")
	f.StringVar(&o.catalog, "catalog", "", "`FILE` or directory with a newer catalog")
	return cmd
}

func (a *app) runUpgrade(ctx context.Context, o upgradeOptions) error {
	if o.from != "" && !o.plan {
		return fault.New(fault.Usage, "Add --plan, or leave --from out", "--from is for a plan: an upgrade begins at what the site is at")
	}
	if o.check && (o.plan || o.from != "") {
		return fault.New(fault.Usage, "Leave --plan and --from out", "--check looks at a site and stands alone")
	}
	if o.profile != "" && o.profile != catalog.FeatureComplete && o.profile != catalog.ErrorsOnly {
		return fault.New(fault.Usage, "Choose feature-complete or errors-only", "unknown profile %q", o.profile)
	}
	if err := errors.Join(o.checkUnattended(), o.checkRehearse()); err != nil {
		return err
	}
	if o.plan {
		debug.SetGCPercent(400) // it is over before collecting would pay
	}
	c, err := catalog.Open(o.catalog)
	if err != nil {
		return err
	}
	switch {
	case o.rehearse:
		return a.runRehearse(ctx, c, o)
	case o.unattended:
		return a.runUnattended(ctx, c, o)
	case o.check:
		return a.runUpgradeCheck(ctx, c, o)
	case !o.plan:
		return a.runUpgradeNow(ctx, c, o)
	}
	p, err := planUpgrade(ctx, c, o)
	if err != nil {
		return err
	}
	if a.jsonOut() {
		return a.writeJSON(p)
	}
	return writePlan(a.stdout, p)
}
