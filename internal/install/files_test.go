package install_test

import (
	"os"
	"testing"
	"time"

	"github.com/sentryctl/sentryctl/internal/install"
)

// A service restarts when a file that it mounts was written, so what is right
// must not be written again beside what changes.
func TestConfigurationThatIsRightIsNotWrittenAgain(t *testing.T) {
	f := newFixture(t, "25.10.0")
	if err := f.run(); err != nil {
		t.Fatal(err)
	}
	same, old := f.env.Site.Path("sentry/config.yml"), time.Now().Add(-time.Hour).Truncate(time.Second)
	if err := os.Chtimes(same, old, old); err != nil {
		t.Fatal(err)
	}
	f.env.Render = func() ([]install.File, error) {
		return []install.File{
			{Path: "sentry/config.yml", Mode: 0o644, Data: []byte("a: b\n")},
			{Path: ".env.custom", Mode: 0o600, Data: []byte("SENTRY_BIND=1\n")},
		}, nil
	}
	if err := f.run(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(same)
	if err != nil || !info.ModTime().Equal(old) {
		t.Errorf("config.yml was written again: %v %v", info.ModTime(), err)
	}
	if _, err := os.Stat(f.env.Site.Path(".env.custom")); err != nil {
		t.Errorf("what changed was not written: %v", err)
	}
}
