package upgrade

import (
	"context"
	"slices"

	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/step"
)

const stopID step.ID = "stop-services"

// stopServices stops all that writes. Events go on coming in: relay takes them
// and Kafka keeps them, until each is replaced in its turn.
func stopServices() Step {
	return Step{
		ID: stopID, Title: "Stop the services", Idempotent: true,
		Run: func(ctx context.Context, e *Env) error {
			s, err := e.Stack(ctx)
			if err != nil {
				return err
			}
			return s.Stop(ctx, toStop(s.Model(), e.StopIngest)...)
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
