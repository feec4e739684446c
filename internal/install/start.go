package install

import (
	"context"
	"slices"

	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// storeNames are the services that hold data or lead to it. Which of them a
// release has, its compose file says.
func storeNames() []string {
	return []string{"postgres", "pgbouncer", "redis", "memcached", "zookeeper", "kafka", "clickhouse", "seaweedfs"}
}

func stores(m release.Model) []string {
	var names []string
	for _, s := range m.Services {
		if slices.Contains(storeNames(), s.Name) {
			names = append(names, s.Name)
		}
	}
	return names
}

// startStores starts what the migrations need, once, for all of them.
func startStores() Step {
	return Step{
		ID: "start-stores", Title: "Start the databases", Idempotent: true,
		Done: dataReady,
		Run: func(ctx context.Context, e *Env) error {
			s, err := e.Stack(ctx)
			if err != nil {
				return err
			}
			return s.Start(ctx, stores(s.Model())...)
		},
		// A later run must find the stores up, whatever its journal says.
		Always: true,
	}
}

// restoredGroups lets consumers begin where the data ends that a restore has
// brought, while the databases run and nobody reads.
func restoredGroups() Step {
	return Step{
		ID: "set-consumer-groups", Title: "Set Kafka's consumer groups", Idempotent: true,
		Skip: func(_ context.Context, e *Env) (string, error) {
			if e.Restored == nil {
				return "no backup is restored", nil
			}
			return "", nil
		},
		Done: dataReady,
		Run: func(ctx context.Context, e *Env) error {
			s, err := e.Stack(ctx)
			if err != nil {
				return err
			}
			if err := e.Restored(ctx, s); err != nil && ctx.Err() == nil {
				e.lacks("consumer groups are not set: "+err.Error(), "Look whether events arrive: sentryctl health --canary --site "+e.Site.Dir)
			}
			return ctx.Err()
		},
	}
}

// startServices starts everything and waits until each service's own health
// command has passed.
func startServices() Step {
	return Step{
		ID: "start-services", Title: "Start Sentry and wait until it is ready", Idempotent: true, Always: true,
		Skip: noStart,
		Done: func(ctx context.Context, e *Env) (bool, error) {
			s, err := e.Stack(ctx)
			if err != nil {
				return false, err
			}
			return s.Settled(ctx)
		},
		Run: func(ctx context.Context, e *Env) error {
			s, err := e.Stack(ctx)
			if err != nil {
				return err
			}
			return s.Start(ctx)
		},
	}
}

// proveFrontDoor asks from outside, as a browser would.
func proveFrontDoor() Step {
	return Step{
		ID: "prove-front-door", Title: "Prove the front door", Idempotent: true, Always: true,
		Skip: noStart,
		Done: func(ctx context.Context, e *Env) (bool, error) {
			ready, err := dataReady(ctx, e)
			return ready && err == nil && e.FrontDoor.Answers(ctx) == nil, err
		},
		Run: func(ctx context.Context, e *Env) error { return e.FrontDoor.Prove(ctx) },
	}
}

// stopStores leaves a stack that was not to be started as it was: stopped. A
// site that was installed before keeps what runs.
func stopStores() Step {
	return Step{
		ID: "stop-stores", Title: "Stop the databases", Idempotent: true, Always: true,
		Skip: func(_ context.Context, e *Env) (string, error) {
			if !e.NoStart {
				return "the site is to run", nil
			}
			return "", nil
		},
		Done: dataReady,
		Run: func(ctx context.Context, e *Env) error {
			s, err := e.Stack(ctx)
			if err != nil {
				return err
			}
			return s.Stop(ctx)
		},
	}
}

func noStart(_ context.Context, e *Env) (string, error) {
	if e.NoStart {
		return "--no-start was given", nil
	}
	return "", nil
}

// running tells whether all named services have a running container that
// Docker does not call unhealthy.
func (e *Env) running(ctx context.Context, names ...string) (bool, error) {
	s, err := e.Stack(ctx)
	if err != nil {
		return false, err
	}
	all, err := s.Status(ctx)
	if err != nil {
		return false, err
	}
	up := func(name string) bool {
		return slices.ContainsFunc(all, func(st workload.Status) bool {
			return st.Service == name && st.State == "running" && st.Health != "unhealthy"
		})
	}
	return !slices.ContainsFunc(names, func(n string) bool { return !up(n) }), nil
}
