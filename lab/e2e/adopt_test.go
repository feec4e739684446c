package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/lab/labtest"
)

// A site that runs and has no record of ours becomes one of ours, and nobody
// who uses it notices.
func adoptARunningSite(t *testing.T, s *labtest.Site, source string) {
	if err := os.RemoveAll(filepath.Join(s.Dir, ".sentryctl")); err != nil {
		t.Fatal(err)
	}
	before, files := containers(t, s), written(t, s)

	if !sentryctl(t, s, "adopt", "--site", s.Dir, "--source", source).exits(0).last("result").Changed {
		t.Error("it says that it changed nothing")
	}
	if diff := cmp.Diff(before, containers(t, s)); diff != "" {
		t.Errorf("containers (-before +after):\n%s", diff)
	}
	after := written(t, s)
	delete(after, ".sentryctl/site.yaml")
	if diff := cmp.Diff(files, after); diff != "" {
		t.Errorf("files outside of .sentryctl (-before +after):\n%s", diff)
	}
	health(t, s, "--canary").exits(0)
	// The canary's event lies in PostgreSQL, and 25.9.0 no longer looks there.
	hops := sentryctl(t, s, "upgrade", "--plan", "--site", s.Dir, "--to", "25.9.0").exits(0).last("plan").Hops
	if !slices.Contains(hops[len(hops)-1].Issues, issue{"nodestore-no-read-through", "yes"}) {
		t.Errorf("what the database says is not in the plan: %v", hops)
	}
	sentryctl(t, s, "upgrade", "--check", "--site", s.Dir, "--to", "25.10.0", "--releases", filepath.Dir(source)).exits(4) // 25.10.0 is not there
}
