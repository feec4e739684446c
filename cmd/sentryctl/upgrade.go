package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/catalog"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
)

type upgradeOptions struct {
	plan          bool
	check         bool
	releases      string
	site          string
	from          string
	to            string
	profile       string
	acceptAvoided bool
	catalog       string
}

func newUpgradeCmd(a *app) *cobra.Command {
	var o upgradeOptions
	cmd := &cobra.Command{
		Use:   "upgrade",
		Short: "Plan the way from one version to another",
		Long: `Plan the way from one version to another: the hops past every hard stop, the
versions of ClickHouse and PostgreSQL in between, what each hop asks of the
configuration, known issues with the way around, room and downtime.

A plan changes nothing and needs no network. With --from it needs no site
either. With --check everything that could stop the upgrade is asked: health,
unfinished runs and migrations, every release on the path with your edits and
your override file, room and images. This sentryctl plans and checks; it does
not carry out.`,
		Example: `  sentryctl upgrade --plan --to latest
  sentryctl upgrade --plan --from 22.8.0 --to 24.2.0
  sentryctl upgrade --plan --from 24.8.0 --output json
  sentryctl upgrade --check --to 25.10.0`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runUpgrade(cmd.Context(), o) },
	}
	f := cmd.Flags()
	f.BoolVar(&o.plan, "plan", false, "say what an upgrade would do")
	f.BoolVar(&o.check, "check", false, "ask everything that could stop the upgrade of a site, and change nothing")
	f.StringVar(&o.releases, "releases", "", "`DIR` with releases by version, trees or archives, for --check (default: the public archives)")
	f.StringVar(&o.site, "site", site.DefaultDir, "directory of the installation")
	f.StringVar(&o.from, "from", "", "plan from this `VERSION` instead of the site's")
	f.StringVar(&o.to, "to", "latest", "`VERSION` to come to")
	f.StringVar(&o.profile, "profile", "", "feature-complete or errors-only (default: the site's)")
	f.BoolVar(&o.acceptAvoided, "accept-avoided", false, "take a target that is known to be bad")
	f.StringVar(&o.catalog, "catalog", "", "`FILE` or directory with a newer catalog")
	return cmd
}

func (a *app) runUpgrade(ctx context.Context, o upgradeOptions) error {
	if !o.plan && !o.check {
		return fault.New(fault.Other, "See what it would do: sentryctl upgrade --plan",
			"this version of sentryctl plans upgrades and does not carry them out yet").WithDoc("docs/upgrade.md")
	}
	if o.check && (o.plan || o.from != "") {
		return fault.New(fault.Usage, "Leave --plan and --from out", "--check looks at a site and stands alone")
	}
	if o.profile != "" && o.profile != catalog.FeatureComplete && o.profile != catalog.ErrorsOnly {
		return fault.New(fault.Usage, "Choose feature-complete or errors-only", "unknown profile %q", o.profile)
	}
	c, err := catalog.Open(o.catalog)
	if err != nil {
		return err
	}
	if o.check {
		return a.runUpgradeCheck(ctx, c, o)
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
