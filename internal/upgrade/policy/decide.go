package policy

import (
	"fmt"
	"time"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/site"
)

// Drill is what is known of the newest good drill. Zero Begun means that there
// is none. Forged counts reports whose signature does not match.
type Drill struct {
	Begun  time.Time
	Forged int
}

// Facts is what a policy is held against.
type Facts struct {
	From, To   calver.Version
	Hops       []Release
	Downtime   time.Duration // predicted
	Unfinished string        // the run that did not come to its end
	Drill      Drill
	Seen       []site.Sighting // oldest first
	Rehearsal  error           // what came of one, where one is asked for
}

// Unmet is a clause that stands against the upgrade.
type Unmet struct {
	Clause string `json:"clause"`
	Why    string `json:"why"`
	Hint   string `json:"hint,omitempty"`
	Waits  bool   `json:"waits"` // time alone mends it: nobody has to do anything
}

// Decide gives the clauses that are not met; none means go.
func Decide(p Policy, f Facts, now time.Time) []Unmet {
	var list []Unmet
	for _, clause := range []func(Policy, Facts, time.Time) *Unmet{unfinished, steps, soak, window, drill, healthy, rehearsed} {
		if u := clause(p, f, now); u != nil {
			list = append(list, *u)
		}
	}
	return list
}

// OnlyWaits tells that time alone mends all of it.
func OnlyWaits(list []Unmet) bool {
	for _, u := range list {
		if !u.Waits {
			return false
		}
	}
	return true
}

func unfinished(_ Policy, f Facts, _ time.Time) *Unmet {
	if f.Unfinished == "" {
		return nil
	}
	return &Unmet{Clause: "unfinished", Why: fmt.Sprintf("the run %s did not come to its end", f.Unfinished), Hint: "Go on with it: sentryctl resume"}
}

func steps(p Policy, f Facts, _ time.Time) *Unmet {
	if p.allows(f.From, f.To) {
		return nil
	}
	return &Unmet{Clause: "steps", Why: fmt.Sprintf("%s to %s is more than steps: %s allows", f.From, f.To, p.Steps),
		Hint: fmt.Sprintf("Upgrade by hand: sentryctl upgrade --to %s, or allow more", f.To)}
}

func soak(p Policy, f Facts, now time.Time) *Unmet {
	for _, r := range f.Hops {
		switch {
		case p.soaked(r, now):
		case r.Date.IsZero():
			return &Unmet{Clause: "soak", Why: fmt.Sprintf("the catalog does not say when %s was released", r.Version), Hint: "Give a catalog that does, with --catalog"}
		default:
			return &Unmet{Clause: "soak", Waits: true, Why: fmt.Sprintf("%s was released on %s and has to be out for %d days, until %s",
				r.Version, r.Date.Format(time.DateOnly), p.SoakDays, p.ripe(r).Format(time.DateOnly))}
		}
	}
	return nil
}

func window(p Policy, f Facts, now time.Time) *Unmet {
	if p.Window == nil {
		return nil
	}
	const form = "Mon 2006-01-02 15:04 MST"
	closes, open := p.Window.Open(now)
	if open && !now.Add(f.Downtime).After(closes) {
		return nil
	}
	from, to := p.Window.Next(now)
	u := &Unmet{Clause: "window", Waits: true, Why: fmt.Sprintf("the next window opens on %s", from.Format(form))}
	if open {
		u.Why = fmt.Sprintf("the window closes on %s, and the upgrade is expected to interrupt for %s", closes.Format(form), f.Downtime.Round(time.Second))
	}
	if from.Add(f.Downtime).After(to) {
		u.Waits, u.Hint = false, "Make the window longer"
		u.Why = fmt.Sprintf("no window is long enough: the upgrade is expected to interrupt for %s", f.Downtime.Round(time.Second))
	}
	return u
}

func drill(p Policy, f Facts, now time.Time) *Unmet {
	if p.DrillDays == 0 {
		return nil
	}
	oldest := now.AddDate(0, 0, -p.DrillDays)
	u := &Unmet{Clause: "drill", Hint: "Make one: sentryctl backup drill"}
	switch {
	case f.Drill.Begun.After(now):
		u.Why = "the newest good drill is of " + f.Drill.Begun.Format(time.RFC3339) + ", which is still to come: look at the clock"
	case !f.Drill.Begun.IsZero() && !f.Drill.Begun.Before(oldest):
		return nil
	case !f.Drill.Begun.IsZero():
		u.Why = fmt.Sprintf("the newest good drill is of %s, older than %d days", f.Drill.Begun.Format(time.DateOnly), p.DrillDays)
	default:
		u.Why = "no backup has been proven by a good drill"
	}
	if f.Drill.Forged > 0 {
		u.Why += fmt.Sprintf(" (%d reports count for nothing: their signature does not match)", f.Drill.Forged)
	}
	return u
}

func healthy(p Policy, f Facts, now time.Time) *Unmet {
	if p.HealthyHours == 0 {
		return nil
	}
	held := now.Sub(wellSince(f.Seen, p.HealthyGap, now))
	want := time.Duration(p.HealthyHours) * time.Hour
	if held >= want {
		return nil
	}
	u := &Unmet{Clause: "healthy", Waits: true, Why: fmt.Sprintf("the site is known to be well for %s of %s; a time of more than %s in which nobody looked does not count",
		held.Round(time.Minute), want, p.HealthyGap), Hint: "Look more often: sentryctl health, by cron"}
	if n := len(f.Seen); n > 0 && !f.Seen[n-1].Healthy {
		u.Waits, u.Hint = false, "Look: sentryctl health"
		u.Why = fmt.Sprintf("the site was not well on %s", f.Seen[n-1].Time.Format(time.RFC3339))
	}
	return u
}

// wellSince is since when every look has found the site well, with no longer
// time between two of them than gap.
func wellSince(seen []site.Sighting, gap time.Duration, now time.Time) time.Time {
	since := now
	for i := len(seen) - 1; i >= 0; i-- {
		s := seen[i]
		if s.Time.After(now) { // the clock was set back: it tells nothing
			continue
		}
		if !s.Healthy || since.Sub(s.Time) > gap {
			break
		}
		since = s.Time
	}
	return since
}

func rehearsed(p Policy, f Facts, _ time.Time) *Unmet {
	if !p.Rehearse || f.Rehearsal == nil {
		return nil
	}
	return &Unmet{Clause: "rehearse", Why: "the rehearsal failed: " + f.Rehearsal.Error(), Hint: "See why: sentryctl upgrade --rehearse --to " + f.To.String()}
}
