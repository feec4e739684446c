package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/upgrade/plan"
)

// What a release ships is the release, although the image moves. What somebody else has
// put there is not.
func TestImagesThatTheReleaseShipsAreItsOwn(t *testing.T) {
	for _, name := range []string{"SENTRY_IMAGE", "SNUBA_IMAGE", "UPTIME_CHECKER_IMAGE"} {
		t.Setenv(name, "") // brings it back
		os.Unsetenv(name)
	}
	const shipped = "SENTRY_IMAGE=sentry:25.7.0\nSNUBA_IMAGE=snuba:25.7.0\nUPTIME_CHECKER_IMAGE=uptime-checker:nightly\n"
	s := newTestSite(t, "25.7.0")
	at := calver.MustParse("25.7.0")
	put := func(dir, name, text string) {
		t.Helper()
		if err := site.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(s.ReleaseDir(at), ".env", shipped)
	put(s.Dir, ".env", shipped)
	if got, err := siteImages(s, at); err != nil || len(got) > 0 {
		t.Errorf("as shipped: got %v, %v", got, err)
	}
	put(s.Dir, ".env.custom", shipped+"SNUBA_IMAGE=snuba:nightly\n")
	got, err := siteImages(s, at)
	want := []plan.Named{{Variable: "SNUBA_IMAGE", File: ".env.custom", Ref: "snuba:nightly", Tag: "nightly"}}
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("%v\n%s", err, d)
	}
}
