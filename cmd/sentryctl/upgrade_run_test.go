package main

import (
	"testing"

	"github.com/sentryctl/sentryctl/internal/catalog"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/upgrade/plan"
)

// What an upgrade would do half is refused as a whole.
func TestCarriedOut(t *testing.T) {
	c, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name, from, to, profile string
		want                    fault.Code
	}{
		{"a rung on the way", "25.5.1", "25.10.0", "", fault.OK},
		{"three hard stops", "23.6.2", "25.10.0", "", fault.OK},
		{"profiles move", "25.10.0", "26.5.0", "", fault.UpgradeBlocked},
		{"no profiles are kept", "25.10.0", "26.5.0", catalog.ErrorsOnly, fault.OK},
		{"the storage's key moves", "26.7.0", "26.8.0", catalog.ErrorsOnly, fault.UpgradeBlocked},
		{"PostgreSQL of another major version", "22.8.0", "24.2.0", "", fault.UpgradeBlocked},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			p, err := plan.New(c, plan.Request{From: tc.from, To: tc.to, Profile: tc.profile})
			if err != nil {
				t.Fatal(err)
			}
			err = carriedOut(p)
			if got := fault.CodeOf(err); got != tc.want {
				t.Errorf("got %d (%v), want %d", got, err, tc.want)
			}
			if err != nil && fault.HintOf(err) == "" {
				t.Error("no hint")
			}
		})
	}
}
