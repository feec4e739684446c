package stack

import (
	"context"
	"fmt"
	"sync"

	"github.com/docker/cli/cli/command"
	"github.com/moby/moby/client"
)

// AtRegistry asks the registries for images, on the way that a pull would go and
// with its credentials, and pulls nothing. It gives the error for each image that
// could not be had, by reference.
func (e *Engine) AtRegistry(ctx context.Context, refs []string) map[string]error {
	failed := map[string]error{}
	var mu sync.Mutex
	var all sync.WaitGroup
	places := newGate(pullWidth)
	for _, ref := range refs {
		all.Go(func() {
			err := places.enter(ctx, 0)
			if err == nil {
				err = e.inspectRemote(ctx, ref)
				places.leave()
			}
			if err != nil {
				mu.Lock()
				defer mu.Unlock()
				failed[ref] = err
			}
		})
	}
	all.Wait()
	return failed
}

func (e *Engine) inspectRemote(ctx context.Context, ref string) error {
	auth, err := command.RetrieveAuthTokenFromImage(e.cli.ConfigFile(), ref)
	if err != nil {
		return fmt.Errorf("read the credentials for its registry: %w", err)
	}
	_, err = e.api.DistributionInspect(ctx, ref, client.DistributionInspectOptions{EncodedRegistryAuth: auth})
	return gone(err)
}
