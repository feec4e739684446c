package plan

import (
	"fmt"
	"slices"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/catalog"
	"github.com/sentryctl/sentryctl/internal/fault"
)

// leg is one hop as the path finder sees it.
type leg struct {
	from, to    calver.Version
	cause       Cause
	why, source string
	rungs       []Rung
}

// waypoint is a release that the path must pass.
type waypoint struct {
	version     calver.Version
	cause       Cause
	why, source string
}

// finder looks for the way.
type finder struct {
	catalog *catalog.Catalog
	origin  calver.Version  // what the site is at
	hit     map[string]bool // answers to the queries of known issues, by ID
}

// path returns the legs between two versions, with the fewest that pass every
// waypoint and let every data engine follow.
func (f finder) path(from, to calver.Version, d data) ([]leg, error) {
	if from == to {
		return nil, nil
	}
	points, err := f.waypoints(from, to)
	if err != nil {
		return nil, err
	}
	var legs []leg
	for _, w := range points {
		reach, err := f.reach(from, w, d)
		if err != nil {
			return nil, err
		}
		legs = append(legs, reach.legs...)
		from, d = w.version, reach.data
	}
	return legs, nil
}

// waypoints are the hard stops between two versions and the target.
func (f finder) waypoints(from, to calver.Version) ([]waypoint, error) {
	var list []waypoint
	for _, s := range f.catalog.Stops() {
		if !from.Less(s.Version) || !s.Version.Less(to) {
			continue
		}
		w := waypoint{s.Version, HardStop, s.Why, s.Source}
		if a, bad := f.catalog.Avoid(s.Version); bad {
			good, ok := f.standIn(a, from, to)
			if !ok {
				return nil, fault.New(fault.UpgradeBlocked, "Choose a newer target from: sentryctl release list",
					"%s may not be jumped over and should not be installed, and no release between %s and %s can stand in for it", s.Version, from, to).WithDoc(a.Source)
			}
			w = waypoint{good, StandIn, fmt.Sprintf("It stands in for the hard stop %s, which is to be avoided: %s", s.Version, a.Why), a.Source}
		}
		list = append(list, w)
	}
	list = append(list, waypoint{version: to, cause: Target})
	list = f.aroundIssues(from, f.pastIssues(from, list))
	slices.SortStableFunc(list, func(a, b waypoint) int { return a.version.Compare(b.version) })
	return slices.CompactFunc(list, func(a, b waypoint) bool { return a.version == b.version }), nil
}

// standIn is the good release nearest to a hard stop that is to be avoided,
// newer ones first, on the way between two versions.
func (f finder) standIn(a catalog.Avoided, from, to calver.Version) (calver.Version, bool) {
	var older calver.Version
	for _, v := range append(goodVersions(f.catalog), to) {
		switch {
		case !from.Less(v) || to.Less(v):
		case a.Version.Less(v):
			return v, true
		default:
			older = v
		}
	}
	return older, !older.IsZero()
}

// reached is a release that can be come to, and the data then.
type reached struct {
	legs []leg
	data data
}

// reach goes to a waypoint: straight, or by way of the fewest releases that
// still carry the rungs which the data needs, newest first.
func (f finder) reach(from calver.Version, w waypoint, start data) (reached, error) {
	last := func(r reached, at calver.Version, rungs []Rung) []leg {
		return append(slices.Clone(r.legs), leg{at, w.version, w.cause, w.why, w.source, rungs})
	}
	rungs, after, stuck := f.climb(start, from, w.version)
	if stuck == nil {
		return reached{last(reached{}, from, rungs), after}, nil
	}
	between := f.between(from, w.version)
	seen := map[calver.Version]bool{}
	type place struct {
		at calver.Version
		reached
	}
	for queue := []place{{from, reached{data: start}}}; len(queue) > 0; queue = queue[1:] {
		p := queue[0]
		if rungs, after, err := f.climb(p.data, p.at, w.version); err == nil {
			return reached{last(p.reached, p.at, rungs), after}, nil
		}
		for _, v := range between {
			if seen[v] || !p.at.Less(v) {
				continue
			}
			rungs, after, err := f.climb(p.data, p.at, v)
			if err != nil {
				continue
			}
			seen[v] = true
			l := leg{p.at, v, Ladder, stuck.stop(), stuck.source, rungs}
			queue = append(queue, place{v, reached{append(slices.Clone(p.legs), l), after}})
		}
	}
	return reached{}, f.blocked(from, stuck)
}

// between are the good releases inside two versions, newest first, without those at
// which a known issue hits this site.
func (f finder) between(from, to calver.Version) []calver.Version {
	list := slices.DeleteFunc(goodVersions(f.catalog), func(v calver.Version) bool {
		_, hit := f.hitAt(from, v)
		return !from.Less(v) || !v.Less(to) || hit
	})
	slices.Reverse(list)
	return list
}
