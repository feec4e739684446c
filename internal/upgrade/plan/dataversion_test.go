package plan_test

import (
	"testing"

	"github.com/sentryctl/sentryctl/internal/upgrade/plan"
)

func TestDataVersions(t *testing.T) {
	for in, want := range map[string]string{"14\n": "14", "9.6\n": "9.6", "": "", "hello": ""} {
		if got := plan.PostgresVersion([]byte(in)); got != want {
			t.Errorf("PG_VERSION %q: got %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"PID: 1\nStarted at: 2026-01-02 03:04:05\nRevision: 54477\n": "23.8",
		"PID: 1\nRevision: 23.8.11.29.altinitystable\n":              "23.8.11.29.altinitystable",
		"PID: 1\nRevision: 54497\n":                                  "", // 24.8.9 and 25.3.2 both
		"PID: 1\n":                                                   "",
	} {
		if got := plan.ClickHouseVersion([]byte(in)); got != want {
			t.Errorf("status %q: got %q, want %q", in, got, want)
		}
	}
}
