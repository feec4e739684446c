package install

import (
	"context"
	"fmt"
	"strconv"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// bucket is an object-storage bucket that a release needs. Upstream makes
// them with a tool that it installs into the container from the internet; our
// helper container needs no network but the project's.
type bucket struct {
	name string
	calver.Range
	fullOnly bool // with the feature-complete profile only
}

func buckets() []bucket {
	return []bucket{
		{name: "nodestore", Range: since("25.9.0")},
		{name: "profiles", Range: since("25.11.1"), fullOnly: true},
	}
}

const (
	storageEndpoint = "http://seaweedfs:8333"
	// The key pair that every release gives its own storage, which no port of
	// the host leads to.
	storageKeys = `{"access_key":"sentry","secret_key":"sentry"}`
)

// createBuckets makes the buckets and lets their objects expire when the
// events that they belong to do.
func createBuckets() Step {
	return Step{
		ID: "create-buckets", Title: "Create object storage buckets", Idempotent: true,
		Done: dataReady,
		Skip: applies(since("25.9.0"), hasService("seaweedfs")),
		Run: func(ctx context.Context, e *Env) error {
			s, err := e.Stack(ctx)
			if err != nil {
				return err
			}
			args := []string{"bucket", "--endpoint", storageEndpoint, "--expire-days", strconv.Itoa(e.RetentionDays)}
			for _, b := range buckets() {
				if b.Contains(e.Version) && (!b.fullOnly || e.Profile == fullProfile) {
					args = append(args, "--bucket", b.name)
				}
			}
			_, err = s.RunHelper(ctx, workload.Helper{
				Name: "create-buckets", Args: args, Network: s.Model().Project + "_default", Stdin: []byte(storageKeys),
			})
			if err != nil {
				return fmt.Errorf("make buckets: %w", err)
			}
			return nil
		},
	}
}

const fullProfile = "feature-complete"
