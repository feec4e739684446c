package plan

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/catalog"
	"github.com/sentryctl/sentryctl/internal/fault"
)

const doc = "docs/upgrade.md"

// moving tells names of images that stand for no release: tags that move on, or are
// of somebody's own, commits and digests. What such an image has done to the
// database, no release knows.
func moving(name string) bool {
	return Moves(name) || regexp.MustCompile(`^([0-9]+[.][0-9]+[.][0-9]+[-_+].+|sha256:[0-9a-f]+|sha-[0-9a-f]{7,40}|[0-9a-f]{7,64})$`).MatchString(name)
}

// origin returns the version that a site is at.
func origin(c *catalog.Catalog, name string) (calver.Version, error) {
	if name == "" {
		return calver.Version{}, fault.New(fault.Usage, "Name it with --from, as in: sentryctl upgrade --plan --from "+c.Newest().String(),
			"nothing says which version the site is at")
	}
	v, err := calver.Parse(name)
	switch {
	case err != nil && moving(name):
		return calver.Version{}, fault.New(fault.UpgradeBlocked,
			"Run the images of a release, and start them; then sentryctl adopt looks again. What a path from a release would be: sentryctl upgrade --plan --from VERSION",
			"the site runs %q, which is no release: no path is known to be safe for its database", name).WithDoc(doc)
	case err != nil || !c.Known(v):
		return v, unknown(c, "--from", name)
	}
	return v, nil
}

// target returns the version that the request wants to come to.
func target(c *catalog.Catalog, r Request, from calver.Version) (calver.Version, error) {
	v, err := named(c, r)
	if err != nil {
		return v, err
	}
	if v.Less(from) {
		return v, fault.New(fault.UpgradeBlocked,
			fmt.Sprintf("Restore a backup that was made with %s; nothing leads back without one", v),
			"%s is older than %s, which the site is at: migrations only go forward", v, from).WithDoc(doc)
	}
	if a, bad := c.Avoid(v); bad && v != from && !r.AcceptAvoided {
		return v, fault.New(fault.UpgradeBlocked, insteadOf(c, r, from, a), "%s should not be the target: %s", v, a.Why).WithDoc(a.Source)
	}
	return v, nil
}

func named(c *catalog.Catalog, r Request) (calver.Version, error) {
	if r.To == "" || r.To == "latest" {
		return newestGood(c), nil
	}
	v, err := calver.Parse(r.To)
	switch {
	case err == nil && (c.Known(v) || c.Future(v) && r.AcceptFuture):
		return v, nil
	case err != nil && moving(r.To):
		return v, fault.New(fault.UpgradeBlocked, fmt.Sprintf("Use --to %s, the newest release", newestGood(c)),
			"%q is no release: it changes with every pull, and there is no way back to it", r.To).WithDoc(doc)
	}
	return v, unknown(c, "--to", r.To)
}

func newestGood(c *catalog.Catalog) calver.Version {
	good := goodVersions(c)
	return good[len(good)-1]
}

// goodVersions are those that may be a hop, oldest first.
func goodVersions(c *catalog.Catalog) []calver.Version {
	var list []calver.Version
	for _, v := range c.Versions() {
		if _, bad := c.Avoid(v); !bad {
			list = append(list, v)
		}
	}
	return list
}

// insteadOf names the path to the release that should be taken instead, if
// there is one.
func insteadOf(c *catalog.Catalog, r Request, from calver.Version, a catalog.Avoided) string {
	const risk = "take the risk with --accept-avoided"
	if _, bad := c.Avoid(a.Instead); bad || a.Instead.Less(from) {
		return "Wait for the next release, or " + risk
	}
	r.To = a.Instead.String()
	p, err := New(c, r)
	if err != nil {
		return fmt.Sprintf("Use --to %s instead, or %s", a.Instead, risk)
	}
	return fmt.Sprintf("Use --to %s instead (%s), or %s", a.Instead, p.path(), risk)
}

// path names the versions of a plan: "22.8.0, 23.6.2, 24.2.0".
func (p Plan) path() string {
	list := []string{p.From.String()}
	for _, h := range p.Hops {
		list = append(list, h.To.String())
	}
	return strings.Join(list, ", ")
}

func unknown(c *catalog.Catalog, flag, name string) error {
	near := calver.Nearest(name, c.Versions(), 3)
	if v, err := calver.Parse(name); err == nil && c.Future(v) {
		near = []calver.Version{c.Newest()}
	}
	texts := make([]string, len(near))
	for i, v := range near {
		texts[i] = v.String()
	}
	return fault.New(fault.Usage, fmt.Sprintf("Use one of %s with %s, or see: sentryctl release list --all", strings.Join(texts, ", "), flag),
		"%q is no released version of Sentry", name)
}
