package stack

import (
	"context"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/docker/compose/v5/pkg/compose"
	"github.com/moby/moby/api/types/container"
)

// Settled tells that the named services (no names: all) are as Start would
// leave them: each container exists, runs, is not unhealthy, was made from the
// present configuration and the present image, and no mounted file of the site
// has changed since it was started. It changes nothing.
func (s *Stack) Settled(ctx context.Context, services ...string) (bool, error) {
	keep, err := exactly(s.model(), services)
	if err != nil {
		return false, err
	}
	p := only(s.model(), keep).WithoutUnresolvedOptionalDependencies()
	found, err := s.observe(ctx, func(name string) bool { return keep[name] })
	if err != nil {
		return false, err
	}
	var refs []string
	for _, service := range p.Services {
		refs = append(refs, api.GetImageNameOrDefault(service, p.Name))
	}
	images, err := s.engine.imageIDs(ctx, refs)
	if err != nil {
		return false, err
	}
	for name, service := range p.Services {
		image := images[api.GetImageNameOrDefault(service, p.Name)]
		ok, err := s.settledService(service, found[name], image)
		if err != nil || !ok || outdated(service, found) {
			return false, err
		}
	}
	return true, nil
}

func (s *Stack) settledService(service types.ServiceConfig, boxes []box, image string) (bool, error) {
	if len(boxes) != service.GetScale() {
		return false, nil
	}
	current, err := s.currentBoxes(service, boxes, image)
	if err != nil || !current {
		return false, err
	}
	for _, b := range boxes {
		up := b.running() && b.health != container.Unhealthy || b.completed()
		if !up || changedSince(s.project.dir, service, b.started) {
			return false, nil
		}
	}
	return true, nil
}

// currentBoxes tells whether the containers were made from the present
// configuration and image.
func (s *Stack) currentBoxes(service types.ServiceConfig, boxes []box, image string) (bool, error) {
	// A service that shares something of another has the other's container ID
	// in its hash. Whether that is current only Compose can tell.
	if sharesContainer(service) {
		return false, nil
	}
	hash, err := compose.ServiceHash(service)
	if err != nil {
		return false, err
	}
	for _, b := range boxes {
		if b.labels[api.ConfigHashLabel] != hash || b.imageID != image {
			return false, nil
		}
	}
	return true, nil
}

func sharesContainer(s types.ServiceConfig) bool {
	for _, mode := range []string{s.NetworkMode, s.Ipc, s.Pid} {
		if len(mode) > len(types.ServicePrefix) && mode[:len(types.ServicePrefix)] == types.ServicePrefix {
			return true
		}
	}
	return len(s.VolumesFrom) > 0
}
