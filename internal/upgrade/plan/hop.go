package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/catalog"
)

// newHop says everything that is known of one leg of the path of a site that is
// at a version now.
func newHop(c *catalog.Catalog, r Request, at calver.Version, l leg) Hop {
	h := Hop{
		From: l.from, To: l.to, Cause: l.cause, Why: l.why, Source: l.source, Rungs: some(l.rungs),
		ByHand: l.to.Less(catalog.Installable().Since),
		Config: demands(c, l, profile(r.Profile)), Issues: issues(c, l, at, r.Facts.Hit),
		Images: images(r.Facts, l),
	}
	h.Volumes.Added, h.Volumes.Removed = volumes(c, l)
	added, removed := c.ServicesChanged(l.from, l.to)
	h.Services = Change{some(added), some(removed)}
	h.Downtime = downtime(r, h)
	h.Notes = hopNotes(c, r, h)
	return h
}

// NewKafka tells that Kafka leaves ZooKeeper in this hop, and its log behind.
func (h Hop) NewKafka() bool { return slices.Contains(h.Services.Removed, "zookeeper") }

// some keeps an empty list from becoming null in JSON.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func demands(c *catalog.Catalog, l leg, profile string) []catalog.Demand {
	list := c.Demands(l.from, l.to)
	return some(slices.DeleteFunc(list, func(d catalog.Demand) bool { return d.Profile != "" && d.Profile != profile }))
}

// issues leaves out what is known not to hit this site. What its database says
// now tells nothing of an issue that begins at a later release: a migration that
// a hop in between will bring has not run yet.
func issues(c *catalog.Catalog, l leg, at calver.Version, hit map[string]bool) []Issue {
	list := []Issue{}
	for _, i := range c.Issues(l.from, l.to) {
		switch yes, asked := hit[i.ID]; {
		case !asked || !i.From.Contains(at):
			list = append(list, Issue{i, "unknown"})
		case yes:
			list = append(list, Issue{i, "yes"})
		}
	}
	return list
}

// volumes compares the external volumes: those that have to exist before the
// start, and those that nothing uses any more.
func volumes(c *catalog.Catalog, l leg) (added, unused []string) {
	before, after := c.Volumes(l.from), c.Volumes(l.to)
	return missing(after.External, before.External), missing(before.External, after.External)
}

func missing(list, other []string) []string {
	return some(slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(other, s) }))
}

// profilesSince is the first release whose compose file has profiles.
func profilesSince() calver.Version { return calver.MustParse("24.7.1") }

func hopNotes(c *catalog.Catalog, r Request, h Hop) []string {
	notes := []string{}
	if h.ByHand {
		notes = append(notes, fmt.Sprintf("sentryctl carries out hops to %s and newer; take this one with the release's own install.sh.", catalog.Installable().Since))
	}
	if since := profilesSince(); h.From.Less(since) && !h.To.Less(since) {
		notes = append(notes, profileNote(r.Profile))
	}
	if m, before := c.Minimums(h.To, r.Profile), c.Minimums(h.From, r.Profile); m.RAMHardMB > before.RAMHardMB || m.CPUHard > before.CPUHard {
		notes = append(notes, fmt.Sprintf("The release asks for %d CPUs and %d MiB of memory; %s asked for %d and %d.",
			m.CPUHard, m.RAMHardMB, h.From, before.CPUHard, before.RAMHardMB))
	}
	for _, rung := range h.Rungs {
		if rung.Beside {
			notes = append(notes, fmt.Sprintf("PostgreSQL %s is written anew beside %s; the old data stays until the health gate has passed.", rung.To, rung.From))
		}
	}
	if h.NewKafka() {
		notes = append(notes, "Kafka leaves ZooKeeper and does not take its log over: the door closes first, consumers read all there is, and Kafka begins with an empty log. Events are refused until the release runs.")
	}
	if a, bad := c.Avoid(h.To); bad {
		notes = append(notes, fmt.Sprintf("%s should not be installed, and is on your word: %s", h.To, a.Why))
	}
	if c.Future(h.To) {
		notes = append(notes, fmt.Sprintf("%s is newer than this catalog: what it demands is not known, %s is taken for it.", h.To, c.Newest()))
	}
	return notes
}

func profileNote(name string) string {
	if name == catalog.ErrorsOnly {
		return "Releases have profiles from here on: COMPOSE_PROFILES=errors-only leaves out the services of tracing, profiles, replays and monitors."
	}
	return "Releases have profiles from here on: COMPOSE_PROFILES=feature-complete, the default, keeps every feature."
}

// overall says what concerns the whole path.
func overall(c *catalog.Catalog, r Request, p Plan) []string {
	var notes []string
	if r.Profile == catalog.ErrorsOnly && p.To.Less(profilesSince()) {
		notes = append(notes, fmt.Sprintf("%s has no profiles: every service runs.", p.To))
	}
	if a, bad := c.Avoid(p.From); bad {
		notes = append(notes, fmt.Sprintf("The site is at %s, which should not be used: %s", p.From, a.Why))
	}
	return append(notes, dataNotes(c, r, p)...)
}

// dataNotes says what is assumed of the engines' data, and what is odd in it.
func dataNotes(c *catalog.Catalog, r Request, p Plan) []string {
	carried := finder{catalog: c}.carried(p.From)
	var notes, assumed []string
	for _, engine := range engines() {
		have, own := r.Facts.Data[engine], carried[engine]
		switch {
		case have == "" && own != "":
			assumed = append(assumed, title(engine)+" "+catalog.Series(engine, own))
		case newer(catalog.Series(engine, have), catalog.Series(engine, own)):
			notes = append(notes, fmt.Sprintf("The data is of %s %s, newer than what %s carries: either the site runs an image of its own, which it has to keep, or an upgrade was begun and not finished.",
				title(engine), catalog.Series(engine, have), p.From))
		}
	}
	if len(assumed) > 0 {
		notes = append(notes, fmt.Sprintf("No volume was read: the data is taken to be of %s, which %s carries.", strings.Join(assumed, " and "), p.From))
	}
	return notes
}
