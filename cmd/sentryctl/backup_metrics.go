package main

import (
	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/backup/metrics"
	"github.com/sentryctl/sentryctl/internal/backup/schedule"
	"github.com/sentryctl/sentryctl/internal/site"
)

// keepMetrics remembers a good backup, whoever asked for it.
func keepMetrics(s *site.Site, rec site.Record, m backup.Manifest) error {
	plan, _, err := schedule.Read(s)
	if err != nil {
		return err
	}
	state, err := metrics.Read(s)
	if err != nil {
		return err
	}
	good := metrics.Good{
		Set: m.Set, Bytes: m.Bytes, Added: m.Added, Files: m.Files,
		Duration: m.Ended.Sub(m.Begun), UI: m.Downtime.UI, Ingest: m.Downtime.Ingest,
	}
	return metrics.Write(s, state.Good(m.Ended.UTC(), good), plan.TextfileDir, rec.Project)
}
