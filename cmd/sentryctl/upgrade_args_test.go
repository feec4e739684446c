package main

import (
	"slices"
	"testing"

	"github.com/sentryctl/sentryctl/internal/calver"
)

// What cron says of the upgrade reaches the one that is begun.
func TestUnattendedPassesOnWhatItWasTold(t *testing.T) {
	u := &unattended{options: upgradeOptions{keepCheckpoints: true, stopIngest: true}}
	got := u.args(calver.MustParse("25.10.0"), "--yes")
	want := []string{"upgrade", "--yes", "--to", "25.10.0", "--stop-ingest", "--keep-checkpoints", "--stall-alarm", "0s"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
