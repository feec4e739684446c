package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/backup"
)

func TestABackupIsShownWhole(t *testing.T) {
	volume := func(name, reason string) backup.Volume {
		return backup.Volume{Name: name, EngineName: name, Reason: reason}
	}
	begun := time.Date(2026, 1, 1, 3, 30, 0, 0, time.Local)
	full := backup.Manifest{
		Set: "20260101T033000Z", Site: "sentry-self-hosted", Version: "25.10.0", Tool: "1.0.0", Profile: "feature-complete", Mode: backup.Precopy,
		Begun: begun, Ended: begun.Add(70 * time.Second),
		Volumes: []backup.SavedVolume{
			{Volume: volume("sentry-postgres", ""), Saved: backup.Saved{Bytes: 1.2e9, Files: 2000, Root: "k1"}},
			{Volume: volume("sentry-data", ""), Saved: backup.Saved{Bytes: 4000, Files: 3, Root: "k2"}},
		},
		Omitted:   []backup.Volume{volume("sentry-kafka", "events on their way")},
		SiteFiles: backup.Saved{Bytes: 90000, Files: 80, Root: "k3"},
		Images:    map[string]string{"redis:6.2": "sha256:0123456789abcdef", "ghcr.io/getsentry/sentry:25.10.0": "sha256:fedcba9876543210", "gone:1": ""},
		Digests:   map[string]string{"redis:6.2": "redis@sha256:aa"},
		Engines:   map[string]string{"postgres": "14", "clickhouse": "25.3.6", "redis": "7.2.4"},
		Offsets:   []backup.Offset{{Group: "a", Topic: "events", Lag: 3}, {Group: "a", Topic: "events", Partition: 1}, {Group: "b", Topic: "events", Lag: 4}, {Group: "b", Topic: "outcomes"}},
		Census:    &backup.Census{Users: backup.Span{Low: 2, High: 2}, Projects: backup.Span{Low: 5, High: 5}, Events: backup.Span{Low: 100, High: 120}},
		Rested:    backup.Rest{Writers: []string{"web", "worker"}, Stores: []string{"postgres"}},
		Downtime:  backup.Downtime{Rest: 1234 * time.Millisecond, Predicted: 2 * time.Second, UI: 1100 * time.Millisecond},
		Bytes:     1.2e9, Files: 2083, Added: 133e6,
	}
	plain := backup.Manifest{
		Set: "20260102T033000Z", Site: "sentry-self-hosted", Version: "23.6.2", Tool: "1.0.0", Mode: backup.Hot, Begun: begun, Ended: begun.Add(time.Second),
		NoOffsets: "kafka does not run", Guarantees: "nothing rested",
	}
	for name, s := range map[string]backup.Set{"full": {Manifest: full, Description: "scheduled"}, "plain": {Manifest: plain}} {
		t.Run(name, func(t *testing.T) {
			var got bytes.Buffer
			if err := showSet(&got, s); err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", "backup_show_"+name+".golden")
			if update() {
				if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
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
		})
	}
}
