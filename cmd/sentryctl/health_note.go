package main

import (
	"context"
	"time"

	"github.com/sentryctl/sentryctl/internal/health"
	"github.com/sentryctl/sentryctl/internal/site"
)

// Who looked, in health.jsonl.
const (
	byHealth     = "health"
	byBackup     = "backup"
	byUpgrade    = "upgrade"
	byUnattended = "unattended"
)

// noteHealth keeps what a look at the site has found. Where it cannot be
// written, a gap is left, and that counts for nothing good.
func noteHealth(s *site.Site, by string, failed []string) {
	_ = s.AppendSighting(site.Sighting{Time: time.Now().UTC(), Healthy: len(failed) == 0, By: by, Failed: failed})
}

// look asks whether the site is well, and keeps the answer. A site that cannot
// be asked is not well.
func look(ctx context.Context, s *site.Site, rec site.Record, by string) {
	failed := []string{"engine"}
	if st, err := siteStack(ctx, s); err == nil {
		defer st.close()
		if door, err := doorOf(rec, st.Stack); err == nil {
			r, err := health.Run(ctx, healthChecks(st.Stack, door, healthOptions{limit: gateHealthLimit}))
			if err != nil {
				return // we were told to end: nothing was found out
			}
			failed = r.Failed()
		}
	}
	if ctx.Err() == nil {
		noteHealth(s, by, failed)
	}
}
