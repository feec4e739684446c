package main

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/catalog"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/upgrade/plan"
)

func TestIssuesAreAskedInOneSession(t *testing.T) {
	got := issueCommand(map[string]string{"b-two": "SELECT 2", "a-one": "SELECT 1"})
	want := []string{"-v", "ON_ERROR_STOP=0", "-c", "SELECT 1", "-c", `\echo issue a-one`, "-c", "SELECT 2", "-c", `\echo issue b-two`}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

// A later hop is refused for what only the data of the release before it tells.
func TestIssuesAreAskedAgain(t *testing.T) {
	c, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.New(c, plan.Request{From: "23.11.0", To: "25.5.1"})
	if err != nil || len(p.Hops) != 2 {
		t.Fatalf("got %+v, %v", p.Hops, err)
	}
	h := p.Hops[1]
	began := h
	began.Issues = sinceThen(h.From, h)
	if slices.ContainsFunc(began.Issues, func(i plan.Issue) bool { return i.ID == "hard-stop-24-8-incomplete" }) {
		t.Error("what was asked at the beginning of a path is asked again")
	}
	h.Issues = sinceThen(p.From, h)
	if issueQueries(plan.Plan{Hops: []plan.Hop{h}})["hard-stop-24-8-incomplete"] == "" {
		t.Errorf("nobody asks for it: %+v", h.Issues)
	}
	h.Issues = slices.DeleteFunc(h.Issues, func(i plan.Issue) bool { return i.ID != "hard-stop-24-8-incomplete" })
	for _, c := range []struct {
		severity string
		hit      map[string]bool
		code     fault.Code
		warned   int
	}{
		{"block", nil, 0, 1}, // nobody knows
		{"info", nil, 0, 0},
		{"info", map[string]bool{"hard-stop-24-8-incomplete": true}, 0, 0},
		{"block", map[string]bool{"hard-stop-24-8-incomplete": false}, 0, 0},
		{"block", map[string]bool{"hard-stop-24-8-incomplete": true}, fault.PreflightBlocked, 0},
		{"warn", map[string]bool{"hard-stop-24-8-incomplete": true}, 0, 1},
	} {
		for n := range h.Issues {
			h.Issues[n].Severity = c.severity
		}
		warned, err := judgeAgain(h, c.hit)
		if (err == nil) != (c.code == 0) || err != nil && fault.CodeOf(err) != c.code || len(warned) != c.warned {
			t.Errorf("%+v: got %v, %q", c, err, warned)
		}
	}
}

func TestIssuesHit(t *testing.T) {
	for name, c := range map[string]struct {
		out  string
		want map[string]bool
	}{
		"all answer":                {"0\nissue a\n12\nissue b\n", map[string]bool{"a": false, "b": true}},
		"one fails, stays unknown":  {"1\nissue a\nissue b\n0\nissue c", map[string]bool{"a": true, "c": false}},
		"nothing is what it should": {"psql: what\nissue a\n", map[string]bool{}},
		"nothing":                   {"", map[string]bool{}},
	} {
		if d := cmp.Diff(c.want, issuesHit(c.out)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}
