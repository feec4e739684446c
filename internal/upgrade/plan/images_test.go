package plan_test

import (
	"strings"
	"testing"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/upgrade/plan"
)

func TestImagesThatMove(t *testing.T) {
	sentry := func(tag string) plan.Named {
		return plan.Named{Variable: "SENTRY_IMAGE", File: ".env.custom", Ref: "getsentry/sentry:" + tag, Tag: tag}
	}
	cases := []struct {
		name   string
		images []plan.Named
		says   string // "" for a plan
	}{
		{"none is named", nil, ""},
		{"a release", []plan.Named{sentry("24.8.0")}, ""},
		{"another release", []plan.Named{sentry("24.2.0")}, ""},
		{"the admin's own", []plan.Named{sentry("24.8.0-ourpatch")}, ""},
		{"the admin's own word", []plan.Named{sentry("acme")}, ""},
		{"a digest", []plan.Named{sentry("sha256:0a1b")}, ""},
		{"nightly", []plan.Named{sentry("nightly")}, "SENTRY_IMAGE in .env.custom (getsentry/sentry:nightly)"},
		{"a night's", []plan.Named{sentry("nightly-20240801")}, "SENTRY_IMAGE in .env.custom"},
		{"latest", []plan.Named{sentry("latest")}, "SENTRY_IMAGE in .env.custom"},
		{"of the environment", []plan.Named{{Variable: "RELAY_IMAGE", Ref: "relay", Tag: "latest"}}, "RELAY_IMAGE in the environment (relay)"},
		{"one of two", []plan.Named{sentry("24.8.0"), {Variable: "SNUBA_IMAGE", File: ".env", Ref: "snuba:nightly", Tag: "nightly"}}, "no release: SNUBA_IMAGE in .env (snuba:nightly):"},
	}
	c := load(t)
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			_, err := plan.New(c, plan.Request{From: "24.8.0", To: "25.5.1", Images: tc.images})
			if tc.says == "" {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			if fault.CodeOf(err) != fault.UpgradeBlocked || !strings.Contains(err.Error(), tc.says) || !strings.Contains(fault.HintOf(err), "images of 24.8.0") {
				t.Errorf("got %v / %s, want a refusal that says %q", err, fault.HintOf(err), tc.says)
			}
		})
	}
}
