package plan_test

import (
	"testing"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/catalog"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/upgrade/plan"
)

// TestEveryPair plans each ordered pair of released versions.
func TestEveryPair(t *testing.T) {
	c := load(t)
	all := c.Versions()
	for _, from := range all {
		for _, to := range all {
			p, err := plan.New(c, plan.Request{From: from.String(), To: to.String()})
			_, bad := c.Avoid(to)
			switch refused := to.Less(from) || bad && from != to; {
			case refused:
				if fault.CodeOf(err) != fault.UpgradeBlocked || fault.HintOf(err) == "" {
					t.Fatalf("%s to %s: got %v, want a refusal with a hint", from, to, err)
				}
			case err != nil:
				t.Fatalf("%s to %s: %v", from, to, err)
			default:
				holds(t, c, p)
			}
		}
	}
}

// holds checks what must be true of every plan.
func holds(t *testing.T, c *catalog.Catalog, p plan.Plan) {
	t.Helper()
	at := p.From
	passed := map[calver.Version]bool{}
	for _, h := range p.Hops {
		if h.From != at || !h.From.Less(h.To) {
			t.Fatalf("%v: a hop from %s to %s after %s", p, h.From, h.To, at)
		}
		if _, bad := c.Avoid(h.To); bad {
			t.Fatalf("%v: %s is to be avoided", p, h.To)
		}
		at, passed[h.To] = h.To, true
	}
	if at != p.To {
		t.Fatalf("%v: ends at %s", p, at)
	}
	inside := 0
	for _, s := range c.Stops() {
		if p.From.Less(s.Version) && s.Version.Less(p.To) {
			inside++
			if !passed[s.Version] {
				t.Fatalf("%v: jumps over %s", p, s.Version)
			}
		}
	}
	// The ladder never asks for more than the hard stops when the data stands
	// where the installed release has it.
	if p.From != p.To && len(p.Hops) != inside+1 {
		t.Fatalf("%v: %d hops for %d hard stops", p, len(p.Hops), inside)
	}
	for _, engine := range []string{catalog.ClickHouse, catalog.PostgreSQL} {
		climbs(t, c, p, engine)
	}
}

// climbs checks that the rungs of an engine are walks of its ladder that end
// at what the releases carry.
func climbs(t *testing.T, c *catalog.Catalog, p plan.Plan, engine string) {
	t.Helper()
	data := carried(c, p.From, engine)
	for _, h := range p.Hops {
		if data == "" {
			data = carried(c, h.To, engine)
		}
		want, ok := c.Walk(engine, data, h.To)
		if !ok {
			t.Fatalf("%v: %s carries no way on from %s %s", p, h.To, engine, data)
		}
		for _, r := range h.Rungs {
			if r.Engine != engine {
				continue
			}
			if len(want) == 0 || r.To != want[0].Version || r.From != data {
				t.Fatalf("%v: the rung %v is no part of the walk %v from %s", p, r, want, data)
			}
			data, want = r.To, want[1:]
		}
		if len(want) > 0 || catalog.Series(engine, data) != catalog.Series(engine, carried(c, h.To, engine)) {
			t.Fatalf("%v: %s at %s ends at %s", p, engine, h.To, data)
		}
	}
}

func carried(c *catalog.Catalog, v calver.Version, engine string) string {
	if engine == catalog.ClickHouse {
		return c.Engines(v).ClickHouse.Version
	}
	return c.Engines(v).PostgreSQL.Version
}

// TestOldDataNeverTakesAForbiddenStep plans with data of every series that was
// ever carried, whatever release it is said to belong to.
func TestOldDataNeverTakesAForbiddenStep(t *testing.T) {
	c := load(t)
	targets := []calver.Version{c.Newest()}
	for _, s := range c.Stops() {
		targets = append(targets, s.Version)
	}
	for _, from := range c.Versions() {
		for _, to := range targets {
			for _, data := range []string{"19.17", "20.3.9.70", "21.6.1.6734-testing-arm", "21.8.13.1", "23.8.11.29", "25.3.6.10034"} {
				p, err := plan.New(c, plan.Request{From: from.String(), To: to.String(), AcceptAvoided: true,
					Facts: plan.Facts{Data: map[string]string{catalog.ClickHouse: data}}})
				if err != nil {
					if fault.CodeOf(err) != fault.UpgradeBlocked {
						t.Fatalf("%s to %s with %s: %v", from, to, data, err)
					}
					continue
				}
				ascends(t, c, p, data)
			}
		}
	}
}

func ascends(t *testing.T, c *catalog.Catalog, p plan.Plan, data string) {
	t.Helper()
	for _, h := range p.Hops {
		for _, r := range h.Rungs {
			if r.Engine != catalog.ClickHouse {
				continue
			}
			if r.From != data || !isStep(c, r) {
				t.Fatalf("%v: %v does not lead on from %s", p, r, data)
			}
			data = r.To
		}
		// What the release starts must know the data: its own series, or older
		// only where the site runs an image of its own.
		if own := catalog.Series(catalog.ClickHouse, carried(c, h.To, catalog.ClickHouse)); own != "" && own > catalog.Series(catalog.ClickHouse, data) && !sameOnArm(c, h.To, data) {
			t.Fatalf("%v: %s starts %s on data of %s", p, h.To, own, data)
		}
	}
}

func sameOnArm(c *catalog.Catalog, v calver.Version, data string) bool {
	arm := c.Engines(v).ClickHouse.Arm64
	return arm != nil && catalog.Series(catalog.ClickHouse, arm.Version) == catalog.Series(catalog.ClickHouse, data)
}

// isStep tells whether some walk of the catalog has this rung right after a
// version of the series it starts from.
func isStep(c *catalog.Catalog, r plan.Rung) bool {
	for _, w := range c.Ladder(r.Engine) {
		at := w.From
		for _, rung := range w.Rungs {
			if at == catalog.Series(r.Engine, r.From) && rung.Version == r.To {
				return true
			}
			at = catalog.Series(r.Engine, rung.Version)
		}
	}
	return false
}

func BenchmarkPlan(b *testing.B) {
	c, err := catalog.Load()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := plan.New(c, plan.Request{From: "9.1.2", To: "26.8.0"}); err != nil {
			b.Fatal(err)
		}
	}
}
