package bench_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sentryctl/sentryctl/lab/bench"
)

func TestAGoalIsReachedOrMissed(t *testing.T) {
	for _, c := range []struct {
		name         string
		ours, theirs time.Duration
		missed       bool
	}{
		{"less", 30 * time.Second, 100 * time.Second, false},
		{"just so", time.Second, 3 * time.Second, false},
		{"more", 40 * time.Second, 100 * time.Second, true},
		{"nothing to compare with", time.Second, 0, true},
	} {
		if ratio, err := bench.Goal("UI gap", c.ours, c.theirs, 1.0/3); (err != nil) != c.missed {
			t.Errorf("%s: got %v, %v", c.name, ratio, err)
		}
	}
}

func TestACommandThatFailsIsToldWithItsLastWords(t *testing.T) {
	out, err := bench.Command(t.Context(), t.TempDir(), "in", "sh", "-c", "cat")
	if err != nil || string(out) != "in" {
		t.Errorf("got %q, %v", out, err)
	}
	_, err = bench.Command(t.Context(), "", "", "sh", "-c", "echo said; echo why >&2; exit 3")
	if err == nil || !strings.Contains(err.Error(), "said") || !strings.Contains(err.Error(), "why") {
		t.Errorf("got %v", err)
	}
}
