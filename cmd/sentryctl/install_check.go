package main

import (
	"context"

	"github.com/sentryctl/sentryctl/internal/preflight"
	"github.com/sentryctl/sentryctl/internal/site"
)

// checkMachine judges the machine and ends the install when something blocks.
// What is not well is shown; on a site that stands, only what blocks.
func (a *app) checkMachine(ctx context.Context, p *installPlan) error {
	ignore, err := preflight.ParseIgnore(p.options.ignore)
	if err != nil {
		return err
	}
	standing := p.record.State == site.Installed
	e := examination{app: a, ignore: ignore, engineErr: p.engineErr}
	e.plan.target = newTarget(p.catalog, targetInput{
		Version: p.version, Profile: p.profile, Bind: p.project.Getenv("SENTRY_BIND"), URL: p.answers.URL,
		SiteDir: p.site.Dir, Model: &p.model,
	})
	e.plan.target.Data = p.data
	in := factsInput{EngineErr: p.engineErr, Target: e.plan.target, Images: p.model.Images, Brief: standing}
	if p.engine != nil {
		in.Engine, in.Helper = p.engine, p.engine
	}
	e.facts = a.collectFacts(ctx, in)
	e.report = preflight.Run(e.facts, e.plan.target, ignore)
	if err := ctx.Err(); err != nil {
		return err
	}
	verdict := e.verdict()
	if verdict != nil || !standing {
		if err := a.showReport(e.report, true); err != nil {
			return err
		}
	}
	return verdict
}
