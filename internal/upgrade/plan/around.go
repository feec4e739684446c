package plan

import (
	"fmt"
	"slices"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/catalog"
	"github.com/sentryctl/sentryctl/internal/fault"
)

// hits tells whether an issue hits this site, as its database says: that speaks of
// the release which the site is at, and of no later one.
func (f finder) hits(i catalog.Issue) bool { return f.hit[i.ID] && i.From.Contains(f.origin) }

// aroundIssues adds the releases that go round issues which hit this site.
func (f finder) aroundIssues(from calver.Version, list []waypoint) []waypoint {
	var more []waypoint
	for _, w := range list {
		for _, i := range f.catalog.Issues(from, w.version) {
			_, bad := f.catalog.Avoid(i.Stop)
			if f.hits(i) && from.Less(i.Stop) && i.Stop.Less(w.version) && !bad {
				more = append(more, aroundBy(i))
			}
		}
		from = w.version
	}
	return append(list, more...)
}

// pastIssues puts the release that is good again in the place of one on the way that
// hits this site. What the target does is for New to judge.
func (f finder) pastIssues(from calver.Version, list []waypoint) []waypoint {
	target := list[len(list)-1].version
	var past []waypoint
	for _, w := range list {
		if i, hit := f.hitAt(from, w.version); hit && w.cause != Target && !target.Less(i.Stop) {
			w = aroundBy(i)
		}
		if from = w.version; from != target || w.cause == Target {
			past = append(past, w)
		}
	}
	return past
}

func aroundBy(i catalog.Issue) waypoint {
	return waypoint{i.Stop, KnownIssue, i.Title + ". " + i.When, i.Source}
}

// hitAt finds an issue that hits this site in a hop to a release, and that a later
// release, its stop, does not have.
func (f finder) hitAt(from, to calver.Version) (catalog.Issue, bool) {
	issues := f.catalog.Issues(from, to)
	n := slices.IndexFunc(issues, func(i catalog.Issue) bool {
		_, bad := f.catalog.Avoid(i.Stop)
		return f.hits(i) && to.Less(i.Stop) && !bad
	})
	if n < 0 {
		return catalog.Issue{}, false
	}
	return issues[n], true
}

// refuseHit refuses a target whose own hop fails on this site where a later release
// does not.
func (f finder) refuseHit(r Request, last leg) error {
	i, hit := f.hitAt(last.from, last.to)
	if !hit || i.Severity != "block" {
		return nil
	}
	hint := i.Around
	r.To = i.Stop.String()
	if p, err := New(f.catalog, r); err == nil {
		hint = fmt.Sprintf("Use --to %s instead (%s)", i.Stop, p.path())
	}
	return fault.New(fault.UpgradeBlocked, hint, "%s cannot be the target, for a known issue hits this site: %s (%s). %s", last.to, i.Title, i.ID, i.When).WithDoc(i.Source)
}
