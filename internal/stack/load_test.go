package stack

import (
	"os"
	"path/filepath"
	"testing"
)

// releaseTrees finds upstream's data files, or skips: they are no part of the
// repository.
func releaseTrees(tb testing.TB) []string {
	tb.Helper()
	dirs := []string{os.Getenv("SENTRYCTL_RELEASES"), "../../../shared/releases"}
	for _, d := range dirs {
		if d == "" {
			continue
		}
		if found, _ := filepath.Glob(filepath.Join(d, "*", "docker-compose.yml")); len(found) > 0 {
			for i := range found {
				found[i] = filepath.Dir(found[i])
			}
			return found
		}
	}
	tb.Skip("no upstream release trees: set SENTRYCTL_RELEASES to a directory that holds them")
	return nil
}

func TestLoadReleaseTrees(t *testing.T) {
	for _, dir := range releaseTrees(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			p, err := Load(t.Context(), LoadOptions{Dir: dir, AllProfiles: true})
			if err != nil {
				t.Fatal(err)
			}
			m := p.Model()
			t.Log(m.Project, len(m.Services), len(m.Volumes), len(m.Images), m.Profiles, m.Ports, m.Examples, len(m.Builds), len(m.Env))
			if os.Getenv("V") != "" {
				t.Logf("%+v", m)
			}
		})
	}
}

func BenchmarkLoad(b *testing.B) {
	trees := releaseTrees(b)
	dir := trees[len(trees)-2]
	for b.Loop() {
		if _, err := Load(b.Context(), LoadOptions{Dir: dir}); err != nil {
			b.Fatal(err)
		}
	}
}
