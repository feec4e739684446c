package e2e

import (
	"testing"

	"github.com/sentryctl/sentryctl/lab/labtest"
)

// One command goes from the oldest release to the newest, over every hard stop
// in between, and takes users and events along. After that it leads back by one
// hop, the last.
func TestUpgradeFromTheOldestToTheNewest(t *testing.T) {
	labtest.Long(t)
	const oldest, last, newest = "23.6.2", "26.7.0", "26.8.0"
	stops := []string{"23.11.0", "24.8.0", "25.5.1", "25.10.0", "26.5.0", last, newest}
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
	sentryctl(t, b.Site, "rollback", "--site", b.Dir, "--yes").exits(0)
	b.serves(t, last)
}
