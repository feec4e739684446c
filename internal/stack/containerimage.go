package stack

import (
	"context"

	"github.com/moby/moby/client"
)

// ContainerImage returns the image reference that a container was made from.
// The Engine's list gives an ID in its place once the reference has moved on.
func (e *Engine) ContainerImage(ctx context.Context, id string) (string, error) {
	res, err := e.api.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
	if err != nil {
		return "", gone(err)
	}
	if res.Container.Config == nil {
		return "", nil
	}
	return res.Container.Config.Image, nil
}
