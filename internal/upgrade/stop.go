package upgrade

import (
	"context"
	"slices"
	"time"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/step"
)

// inTime is asked when all is brought and copied, which takes as long as it
// takes: an upgrade that began in its window may come to the stop past it.
func inTime() Step {
	return Step{
		ID: "in-time", Title: "See that the window is open for long enough", Idempotent: true,
		Skip: func(_ context.Context, e *Env) (string, error) {
			if e.StopBefore.IsZero() {
				return "no window is set", nil
			}
			return "", nil
		},
		Run: func(_ context.Context, e *Env) error {
			if !e.Now().Add(e.Predicted).After(e.StopBefore) {
				return nil
			}
			return fault.New(fault.UpgradeBlocked, "Wait for the next window: what was brought and copied is there already then. Or make the window longer",
				"the window closes on %s, and the hop is expected to interrupt for %s", e.StopBefore.Format("Mon 2006-01-02 15:04 MST"), e.Predicted.Round(time.Second))
		},
	}
}

const stopID step.ID = "stop-services"

// stopServices stops all that writes. Events go on coming in: relay takes them
// and Kafka keeps them, until each is replaced in its turn. Where Kafka's log does not
// come along, the door is closed already.
func stopServices() Step {
	return Step{
		ID: stopID, Title: "Stop the services", Idempotent: true,
		Run: func(ctx context.Context, e *Env) error {
			s, err := e.Stack(ctx)
			if err != nil {
				return err
			}
			return s.Stop(ctx, toStop(s.Model(), e.StopIngest || e.Hop.NewKafka)...)
		},
	}
}

// toStop names the services that stop before the data is touched.
func toStop(m release.Model, ingestToo bool) []string {
	stay := []string{"nginx", "relay", "kafka", "zookeeper", "redis"}
	for _, p := range m.Ports {
		stay = append(stay, p.Service)
	}
	var names []string
	for _, s := range m.Services {
		if ingestToo || !slices.Contains(stay, s.Name) {
			names = append(names, s.Name)
		}
	}
	return names
}
