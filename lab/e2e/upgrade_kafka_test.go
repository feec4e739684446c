package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/sentryctl/sentryctl/lab/labtest"
)

// The release in which Kafka leaves ZooKeeper takes no log over. Nothing that was taken
// is lost for that, however often the hop is killed; and each way back, by hand or by
// itself, finds the former log, without which the former Kafka would not start.
func TestKafkaLeavesZooKeeper(t *testing.T) {
	labtest.Long(t)
	const with, without = "23.11.0", "24.8.0"
	b := beforeUpgrade(t, with, without)
	command := []string{"upgrade", "--site", b.Dir, "--to", without, "--releases", b.releases, "--yes"}
	stream, err := b.Probe().Stream(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	seen, err := stream.During(t.Context(), func() error {
		killedAllTheWay(t, b, command)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	found := func() {
		t.Helper()
		missing, err := stream.Missing(t.Context())
		if err != nil || len(missing) > 0 {
			t.Errorf("%d of %d events that were taken are missing: %v, %v", len(missing), seen.Events, missing[:min(len(missing), 10)], err)
		}
	}
	b.serves(t, without)
	found()
	former := func() bool {
		return slices.ContainsFunc(docker(t, b.Site, "volume", "ls", "-q"), func(name string) bool { return strings.HasSuffix(name, "-former") })
	}
	if !former() {
		t.Error("the log that was set aside is gone, and a rollback by hand would need it")
	}
	killedAllTheWay(t, b, []string{"rollback", "--site", b.Dir, "--yes"})
	b.serves(t, with)
	if former() {
		t.Error("a log stays set aside after the way back")
	}
	b.breaking(t, without)(t, "STANDIN_MIGRATION=fail")
	sentryctl(t, b.Site, command...).exits(6)
	b.serves(t, with)
}
