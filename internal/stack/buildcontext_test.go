package stack

import (
	"path/filepath"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
)

// The configuration lies in upstream's build context, and no image needs it.
func TestConfigurationIsNoInputOfTheSentryImage(t *testing.T) {
	digest := func(name, dockerfile, conf string) string {
		t.Helper()
		dir := filepath.Join(t.TempDir(), name)
		write(t, filepath.Join(dir, "Dockerfile"), dockerfile)
		write(t, filepath.Join(dir, "config.yml"), conf)
		write(t, filepath.Join(dir, "enhance-image.sh"), "echo")
		job := buildJob{context: dir, dockerfile: filepath.Join(dir, "Dockerfile"), build: &types.BuildConfig{}}
		d, err := job.inputs(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	const all, named = "FROM base\nCOPY . /usr/src/sentry\n", "FROM base\nCOPY config.yml /\n"
	for name, c := range map[string]struct {
		context, dockerfile string
		same                bool
	}{
		"the whole directory is copied": {"sentry", all, true},
		"the file is copied by name":    {"sentry", named, false},
		"another directory":             {"cron", all, false},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := digest(c.context, c.dockerfile, "a"), digest(c.context, c.dockerfile, "b")
			if (a == b) != c.same {
				t.Errorf("equal digests: %v, want %v", a == b, c.same)
			}
		})
	}
}
