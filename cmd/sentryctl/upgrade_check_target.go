package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/preflight"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/step"
	"github.com/sentryctl/sentryctl/internal/upgrade/gate"
)

// registryLimit is how long the registries may take to answer, all together.
const registryLimit = 30 * time.Second

// unreachable asks the registries for the images of the whole path that the
// Engine lacks: those of the releases, the bases of what is built from their
// trees, and the rungs of ClickHouse in between.
func (h *hopsLooked) unreachable(ctx context.Context) []gate.Unreachable {
	var missing []string
	for _, hop := range h.hops {
		missing = append(missing, hop.Missing...)
	}
	for _, hop := range h.plan.Hops {
		climb, _ := rungsOf(h.catalog, hop)
		for _, r := range climb {
			if here, err := h.stack.engine.ImagePresent(ctx, r.Image); err != nil || !here {
				missing = append(missing, r.Image)
			}
		}
	}
	slices.Sort(missing)
	missing = slices.Compact(missing)
	h.missing = missing
	ctx, cancel := context.WithTimeout(ctx, registryLimit)
	defer cancel()
	failed := h.stack.engine.AtRegistry(ctx, missing)
	var out []gate.Unreachable
	for _, ref := range missing {
		if err := failed[ref]; err != nil {
			out = append(out, gate.Unreachable{Image: ref, Registry: registryOf(ref), Why: firstLine(err.Error())})
		}
	}
	return out
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// askedElsewhere are checks of the place of a site, which stands and works, and
// of the ways to images and releases, which have questions of their own.
var askedElsewhere = []preflight.ID{"port-free", "bind-address", "bind-form", "url-prefix", "leftover-volumes", "leftover-containers",
	"reach-source", "reach-registry", "dns", "proxy"}

// sizes are those of which the site already runs with what there is. What the
// upgrade itself takes up is asked for as room.
var sizes = []preflight.ID{"cpu-count", "ram", "disk-engine", "disk-site"}

// preflight judges the machine for the release to come to. What was let pass
// when the site was installed passes here too.
func (h *hopsLooked) preflight(ctx context.Context, model *release.Model) ([]gate.Check, error) {
	runs, err := h.site.Runs()
	if err != nil {
		return nil, err
	}
	ignore, err := preflight.ParseIgnore(waived(runs))
	if err != nil {
		return nil, err
	}
	answers := h.config.answers
	t := newTarget(h.catalog, targetInput{Version: h.plan.To, Profile: cmp.Or(answers.Profile, config.FeatureComplete),
		Bind: answers.Bind, URL: answers.URL, SiteDir: h.site.Dir, Model: model})
	facts := h.app.collectFacts(ctx, factsInput{Engine: h.stack.engine, Helper: h.stack.engine, Target: t, Images: []release.Image{}, Brief: true})
	return preflightChecks(preflight.Run(facts, t, ignore)), nil
}

// preflightChecks are those findings that matter to an upgrade.
func preflightChecks(r preflight.Report) []gate.Check {
	var out []gate.Check
	for _, f := range r.Findings {
		if f.State != preflight.Bad || f.Severity != preflight.Block || slices.Contains(askedElsewhere, f.ID) {
			continue
		}
		out = append(out, gate.Check{Text: fmt.Sprintf("%s: %s, want %s", f.ID, f.Got, f.Want), Hint: f.Hint, Blocks: !slices.Contains(sizes, f.ID)})
	}
	return out
}

// waived are the checks that installs of the site let pass.
func waived(runs []site.Run) []string {
	var ids []string
	for _, r := range runs {
		if h, ok := step.HeaderOf(r.Records); ok && h.Workflow == installWorkflow {
			ids = append(ids, ignored(h.Command)...)
		}
	}
	return ids
}
