package policy

import (
	"time"

	"github.com/sentryctl/sentryctl/internal/calver"
)

// Release is one that exists. Date is when it was tagged, zero where nobody
// knows.
type Release struct {
	Version calver.Version
	Date    time.Time
	Avoid   bool
}

// allows tells whether the policy lets a site go that far.
func (p Policy) allows(from, to calver.Version) bool {
	switch p.Steps {
	case Patch:
		return from.SameMinor(to)
	case Minor:
		return from.SameMajor(to)
	}
	return true
}

func (p Policy) soaked(r Release, now time.Time) bool {
	return p.SoakDays == 0 || !r.Date.IsZero() && !now.Before(p.ripe(r))
}

// ripe is when a release has been out for long enough.
func (p Policy) ripe(r Release) time.Time { return r.Date.AddDate(0, 0, p.SoakDays) }

// Target is the newest good release that the policy allows by now; where none
// has been out for long enough, the one that will be first. False means that
// there is nothing to go to. Releases are given oldest first.
func (p Policy) Target(releases []Release, from calver.Version, now time.Time) (calver.Version, bool) {
	var best, first calver.Version
	for _, r := range releases {
		if r.Avoid || !from.Less(r.Version) || !p.allows(from, r.Version) {
			continue
		}
		if first.IsZero() {
			first = r.Version
		}
		if p.soaked(r, now) {
			best = r.Version
		}
	}
	if best.IsZero() {
		best = first
	}
	return best, !best.IsZero()
}
