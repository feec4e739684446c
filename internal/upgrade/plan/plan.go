// Package plan owns the way from one release of self-hosted Sentry to another:
// which releases it passes and why, what each hop asks of the site, which
// versions of the data engines come in between, what is known to go wrong, and
// what it costs. It is a function of the catalog and of facts that others have
// gathered: it reads no file and asks no Engine.
package plan

import (
	"fmt"
	"time"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/catalog"
)

// Request is a wish and what is known of the site that has it.
type Request struct {
	From          string  // "25.5.1"; also what a site says of itself, such as "nightly"
	To            string  // a version, or "" or "latest" for the newest good one
	AcceptAvoided bool    // take a target that is known to be bad
	AcceptFuture  bool    // take a target newer than the catalog, as its source was named
	Profile       string  // "" is feature-complete
	Images        []Named // what the site's variables say it runs
	Facts         Facts
	History       []Measured
}

// Cause says why a path passes a release.
type Cause string

// The causes of hops.
const (
	HardStop   Cause = "hard-stop"   // no path may jump over it
	StandIn    Cause = "stand-in"    // it takes the place of a hard stop that is to be avoided
	Ladder     Cause = "ladder"      // later releases have no way from the data's version of an engine
	KnownIssue Cause = "known-issue" // it goes round something that hits this site
	Target     Cause = "target"
)

// Plan is the whole way. No hops means that there is nothing to do.
type Plan struct {
	Type       string         `json:"type"` // "plan"
	From       calver.Version `json:"from"`
	To         calver.Version `json:"to"`
	Profile    string         `json:"profile"`
	Hops       []Hop          `json:"hops"`
	Needs      Needs          `json:"needs"`
	Space      Space          `json:"space"`
	DowntimeNS time.Duration  `json:"downtime_ns"` // of all hops
	Notes      []string       `json:"notes"`
}

// Hop is one version to the next.
type Hop struct {
	From     calver.Version   `json:"from"`
	To       calver.Version   `json:"to"`
	Cause    Cause            `json:"cause"`
	Why      string           `json:"why,omitempty"`
	Source   string           `json:"source,omitempty"` // where Why comes from
	ByHand   bool             `json:"by_hand"`          // the release is too old for sentryctl's own steps
	Rungs    []Rung           `json:"rungs"`
	Config   []catalog.Demand `json:"config"`
	Issues   []Issue          `json:"issues"`
	Volumes  Change           `json:"volumes"`
	Services Change           `json:"services"`
	Images   Images           `json:"images"`
	Downtime Downtime         `json:"downtime"`
	Notes    []string         `json:"notes"`
}

// Change is what comes and what goes with a hop.
type Change struct {
	Added   []string `json:"added"`
	Removed []string `json:"removed"`
}

// Issue is something known of a hop. Hit is "yes" where the site's own data
// says so, "unknown" where nobody has asked.
type Issue struct {
	catalog.Issue
	Hit string `json:"hit"`
}

// New returns the plan for a request. A wish that cannot be met is an
// UpgradeBlocked fault that names the reason and, where there is one, the path
// that can be gone; a version that does not exist is a Usage fault.
func New(c *catalog.Catalog, r Request) (Plan, error) {
	from, err := origin(c, r.From)
	if err != nil {
		return Plan{}, err
	}
	if err := refuseMoving(r.Images, from.String()); err != nil {
		return Plan{}, err
	}
	to, err := target(c, r, from)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{Type: "plan", From: from, To: to, Profile: profile(r.Profile), Hops: []Hop{}, Notes: []string{},
		Needs: Needs{Shortages: []string{}}, Space: Space{Parts: []Part{}, Free: -1}}
	f := finder{catalog: c, origin: from, hit: r.Facts.Hit}
	path, err := f.path(from, to, f.dataOf(from, r.Facts.Data))
	if err != nil {
		return Plan{}, err
	}
	if len(path) > 0 {
		if err := f.refuseHit(r, path[len(path)-1]); err != nil {
			return Plan{}, err
		}
	}
	for _, leg := range path {
		p.Hops = append(p.Hops, newHop(c, r, from, leg))
	}
	if len(p.Hops) == 0 {
		p.Notes = append(p.Notes, fmt.Sprintf("The site is at %s already.", to))
		return p, nil
	}
	p.Needs, p.Space = needs(c, r, p), space(r.Facts, p.Hops)
	for _, h := range p.Hops {
		p.DowntimeNS += h.Downtime.NS
	}
	p.Notes = append(p.Notes, overall(c, r, p)...)
	return p, nil
}

func profile(name string) string {
	if name == catalog.ErrorsOnly {
		return name
	}
	return catalog.FeatureComplete
}
