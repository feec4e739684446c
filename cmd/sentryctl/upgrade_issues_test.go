package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestIssuesAreAskedInOneSession(t *testing.T) {
	got := issueCommand(map[string]string{"b-two": "SELECT 2", "a-one": "SELECT 1"})
	want := []string{"-v", "ON_ERROR_STOP=0", "-c", "SELECT 1", "-c", `\echo issue a-one`, "-c", "SELECT 2", "-c", `\echo issue b-two`}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
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
