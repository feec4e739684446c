package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/stack"
)

// What a backup takes of upstream's own releases, and what it leaves out: every
// volume of every tree is decided about, and none is new without being seen here.
func TestVolumesOfUpstreamsReleases(t *testing.T) {
	base := os.Getenv("SENTRYCTL_RELEASES")
	if base == "" {
		base = "../../../shared/releases"
	}
	trees, _ := filepath.Glob(filepath.Join(base, "*", "docker-compose.yml"))
	if len(trees) == 0 {
		t.Skipf("no upstream release trees in %s: set SENTRYCTL_RELEASES to a directory that holds them", base)
	}
	releases := map[string][]string{} // what is said of a volume, and by which
	for _, tree := range trees {
		dir := filepath.Dir(tree)
		p, err := stack.Load(t.Context(), stack.LoadOptions{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		volumes, err := backup.Classify(p.Model(), backup.Choice{})
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range volumes {
			line := fmt.Sprintf("%-24s %-8s %s", v.Name, v.Class, v.Reason)
			releases[strings.TrimSpace(line)] = append(releases[strings.TrimSpace(line)], filepath.Base(dir))
		}
	}
	var got strings.Builder
	for _, line := range slices.Sorted(maps.Keys(releases)) {
		fmt.Fprintf(&got, "%s\n    %s\n", line, strings.Join(releases[line], " "))
	}
	golden := filepath.Join("testdata", "volumes.golden")
	if update() {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got.String()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
