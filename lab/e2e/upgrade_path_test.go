package e2e

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/lab/labtest"
)

// One command goes from the oldest release to the newest, over every hard stop
// in between, and takes users and events along. The checkpoints of the last two
// hops stay, and it leads back by one hop, the last.
func TestUpgradeFromTheOldestToTheNewest(t *testing.T) {
	labtest.Long(t)
	const oldest, lastButOne, last, newest = "23.6.2", "26.5.0", "26.7.0", "26.8.0"
	stops := []string{"23.11.0", "24.8.0", "25.5.1", "25.10.0", lastButOne, last, newest}
	b := beforeUpgrade(t, oldest, stops...)
	stream, err := b.Probe().Stream(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var e ended
	seen, err := stream.During(t.Context(), func() error {
		e = sentryctl(t, b.Site, "upgrade", "--site", b.Dir, "--to", newest, "--releases", b.releases, "--yes")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	e.exits(0)
	b.serves(t, newest)
	missing, err := stream.Missing(t.Context())
	if err != nil || len(missing) > 0 {
		t.Errorf("%d events that were taken are missing: %v, %v", len(missing), missing[:min(len(missing), 10)], err)
	}
	t.Logf("%d hops in %s; the UI was away for %s, the ingest endpoint for %s; %d events taken, %d refused", len(stops), e.took, seen.UI, seen.Ingest, seen.Events, seen.Refused)
	if diff := cmp.Diff([]string{lastButOne, last}, b.checkpoints(t)); diff != "" {
		t.Errorf("checkpoints by the version that each leads back to (-want +got):\n%s", diff)
	}
	sentryctl(t, b.Site, "rollback", "--site", b.Dir, "--yes").exits(0)
	b.serves(t, last)
}

// A known issue of a later hop is asked for when the data is of the release at which it
// begins, and holds up that hop only.
func TestKnownIssueOfALaterHop(t *testing.T) {
	labtest.Long(t)
	b := beforeUpgrade(t, "23.11.0", "24.8.0", older)
	selected(t, b.Site, "CREATE RULE forget AS ON INSERT TO django_migrations WHERE NEW.name = '0642_index_together_release' DO INSTEAD NOTHING")
	e := sentryctl(t, b.Site, "upgrade", "--site", b.Dir, "--to", older, "--releases", b.releases, "--yes").exits(4)
	if text := e.last("error").Error; !strings.Contains(text, "hard-stop-24-8-incomplete") || !strings.Contains(text, "is at 24.8.0 and serves") {
		t.Errorf("got %q", text)
	}
	b.serves(t, "24.8.0")
	selected(t, b.Site, "DROP RULE forget ON django_migrations")
	selected(t, b.Site, "INSERT INTO django_migrations (app, name, applied) VALUES ('sentry', '0642_index_together_release', now())")
	sentryctl(t, b.Site, "resume", "--site", b.Dir).exits(0)
	b.serves(t, older)
}

// checkpoints are the versions of those that an upgrade keeps of its own, oldest first.
func (b before) checkpoints(t *testing.T) (versions []string) {
	t.Helper()
	own := filepath.Join(b.Dir, ".sentryctl", "checkpoint")
	list := sentryctl(t, b.Site, "backup", "list", "--site", b.Dir, "--repo", filepath.Join(own, "repository"), "--password-file", filepath.Join(own, "password"))
	for _, l := range list.exits(0).lines {
		if l.Type == "backup" {
			versions = append(versions, l.Version)
		}
	}
	return versions
}
