package plan_test

import (
	"strings"
	"testing"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/upgrade/plan"
)

// Of the two rows of migration 0878, the one with a query is left out when the database
// says no; the other stays a question.
func TestWhatFailsMigration0878IsAsked(t *testing.T) {
	c := load(t)
	for _, tc := range []struct {
		hit  map[string]bool
		want string
	}{
		{nil, "migration-0878-before-first-seen:unknown migration-0878-open-periods:unknown"},
		{map[string]bool{"migration-0878-before-first-seen": true}, "migration-0878-before-first-seen:yes migration-0878-open-periods:unknown"},
		{map[string]bool{"migration-0878-before-first-seen": false}, "migration-0878-open-periods:unknown"},
	} {
		p, err := plan.New(c, plan.Request{From: "24.8.0", To: "25.5.1", Facts: plan.Facts{Hit: tc.hit}})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, i := range p.Hops[0].Issues {
			if strings.HasPrefix(i.ID, "migration-0878") {
				got = append(got, i.ID+":"+i.Hit)
			}
		}
		if strings.Join(got, " ") != tc.want {
			t.Errorf("%v: got %q, want %q", tc.hit, got, tc.want)
		}
	}
}

// The rows are the built-in catalog's.
func TestKnownIssuesThatALaterReleaseDoesNotHave(t *testing.T) {
	const relink, monitors = "migration-0087-order", "migration-monitors-0008-order"
	yes, no := func(id string) map[string]bool { return map[string]bool{id: true} }, func(id string) map[string]bool { return map[string]bool{id: false} }
	cases := []struct {
		name, from, to string
		hit            map[string]bool
		want           string // the hops, or of a refusal the hint
	}{
		{"the target is hit", "25.10.0", "25.12.0", yes(relink), "Use --to 25.12.1 instead (25.10.0, 25.12.1)"},
		{"the target is not", "25.10.0", "25.12.0", no(relink), "25.12.0"},
		{"nobody asked", "25.10.0", "25.12.0", nil, "25.12.0"},
		{"the release that is good again", "25.10.0", "25.12.1", yes(relink), "25.12.1"},
		{"a hop over it", "25.10.0", "26.4.0", yes(relink), "26.4.0"},
		{"the issue begins later than the site", "24.8.0", "25.12.0", yes(relink), "25.5.1 25.12.0"},
		{"another target is hit", "26.2.1", "26.3.0", yes(monitors), "Use --to 26.3.1 instead (26.2.1, 26.3.1)"},
		{"at the end of a path", "24.8.0", "26.3.0", yes(monitors), "Use --to 26.3.1 instead (24.8.0, 25.5.1, 26.3.1)"},
	}
	c := load(t)
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			p, err := plan.New(c, plan.Request{From: tc.from, To: tc.to, Facts: plan.Facts{Hit: tc.hit}})
			got := hops(p)
			if err != nil {
				got = fault.HintOf(err)
			}
			if got != tc.want || err != nil && (fault.CodeOf(err) != fault.UpgradeBlocked || !strings.Contains(err.Error(), "known issue hits this site")) {
				t.Errorf("got %q, %v; want %q", got, err, tc.want)
			}
		})
	}
}

func TestAKnownIssueOnTheWayIsPassedByTheReleaseWithoutIt(t *testing.T) {
	c := with(t, "stops:\n  - {version: 25.12.0, why: A test., source: a test}\n")
	for _, tc := range []struct {
		to, want string
		cause    plan.Cause
		hit      bool
	}{
		{"26.4.0", "25.12.1 26.4.0", plan.KnownIssue, true},
		{"26.4.0", "25.12.0 26.4.0", plan.HardStop, false},
		{"25.12.1", "25.12.1", plan.Target, true},
	} {
		p, err := plan.New(c, plan.Request{From: "25.10.0", To: tc.to, Facts: plan.Facts{Hit: map[string]bool{"migration-0087-order": tc.hit}}})
		if err != nil || hops(p) != tc.want || p.Hops[0].Cause != tc.cause {
			t.Errorf("to %s, hit %v: got %q, %v; want %q by %s", tc.to, tc.hit, hops(p), err, tc.want, tc.cause)
		}
	}
}

func TestALadderDoesNotStopWhereAKnownIssueHits(t *testing.T) {
	c := with(t, `walks:
  - {engine: clickhouse, from: "24.8", since: 25.11.0, until: 25.12.0, source: a test, rungs: [{version: 25.3.1, image: a}]}
`)
	for hit, want := range map[bool]string{true: "25.11.1 26.4.0", false: "25.12.0 26.4.0"} {
		p, err := plan.New(c, plan.Request{From: "25.10.0", To: "26.4.0",
			Facts: plan.Facts{Data: map[string]string{"clickhouse": "24.8.1"}, Hit: map[string]bool{"migration-0087-order": hit}}})
		if err != nil || hops(p) != want {
			t.Errorf("hit %v: got %q, %v; want %q", hit, hops(p), err, want)
		}
	}
}
