package main

import (
	"strings"
	"time"

	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/step"
)

// stepTimes returns how long each step took when it last ran in a workflow,
// for the guess of the remaining time. Steps that had nothing to do do not
// count.
func stepTimes(runs []site.Run, workflow string) map[string]time.Duration {
	times := map[string]time.Duration{}
	for _, r := range runs { // oldest first: the newest wins
		if h, ok := step.HeaderOf(r.Records); !ok || !strings.EqualFold(h.Workflow, workflow) {
			continue
		}
		began := map[step.ID]time.Time{}
		for _, rec := range r.Records {
			switch rec.Kind {
			case step.KindStarted:
				began[rec.Step] = rec.Time
			case step.KindDone:
				if from, ok := began[rec.Step]; ok && !rec.Already {
					times[string(rec.Step)] = rec.Time.Sub(from)
				}
			}
		}
	}
	return times
}
