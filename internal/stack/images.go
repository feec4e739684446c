package stack

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/containerd/errdefs"
	"github.com/distribution/reference"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/moby/moby/client"
)

// MissingImages lists what Pull would pull, sorted: the images of the enabled
// services and the bases of those that are built here, as far as the Engine
// does not have them. An image that is present is never pulled, whatever its
// pull policy, so that a host without a network works.
func (s *Stack) MissingImages(ctx context.Context) ([]string, error) {
	wanted, err := s.wantedImages()
	if err != nil {
		return nil, err
	}
	have, err := s.engine.localImages(ctx)
	if err != nil {
		return nil, fmt.Errorf("list images: %w", err)
	}
	var missing []string
	for _, ref := range sortedKeys(wanted) {
		if have[familiar(ref)] != "" {
			continue
		}
		// The list knows names only; an ID or a shortened digest is looked up.
		present, err := s.engine.ImagePresent(ctx, ref)
		if err != nil {
			return nil, fmt.Errorf("look for image %s: %w", ref, err)
		}
		if !present {
			missing = append(missing, ref)
		}
	}
	return missing, nil
}

// wantedImages gives the images that come from a registry, each with the
// platform that its service asks for.
func (s *Stack) wantedImages() (map[string]string, error) {
	p := s.model()
	built := builtRefs(p)
	wanted := map[string]string{}
	for _, name := range p.ServiceNames() {
		service := p.Services[name]
		if ref := api.GetImageNameOrDefault(service, p.Name); !built[familiar(ref)] {
			wanted[ref] = service.Platform
		}
	}
	jobs, err := buildJobs(p)
	if err != nil {
		return nil, err
	}
	for _, job := range jobs {
		for _, base := range job.bases {
			if !built[familiar(base)] {
				wanted[base] = job.platform
			}
		}
	}
	return wanted, nil
}

// builtRefs gives the images that are built from the tree. One service with a
// build section makes the image local for all that use it.
func builtRefs(p *types.Project) map[string]bool {
	refs := map[string]bool{}
	for _, service := range p.Services {
		if service.Build != nil {
			refs[familiar(api.GetImageNameOrDefault(service, p.Name))] = true
		}
	}
	return refs
}

// familiar gives a reference the form in which the Engine lists it.
func familiar(ref string) string {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return ref
	}
	return reference.FamiliarString(reference.TagNameOnly(named))
}

// localImages gives the ID of every image name of the Engine.
func (e *Engine) localImages(ctx context.Context) (map[string]string, error) {
	ids, _, err := e.namedImages(ctx)
	return ids, err
}

// namedImages gives them with the digests of registries, by ID.
func (e *Engine) namedImages(ctx context.Context) (ids, digests map[string]string, err error) {
	res, err := e.api.ImageList(ctx, client.ImageListOptions{})
	if err != nil {
		return nil, nil, gone(err)
	}
	ids, digests = map[string]string{}, map[string]string{}
	for _, image := range res.Items {
		for _, name := range slices.Concat(image.RepoTags, image.RepoDigests) {
			if !strings.HasPrefix(name, "<none>") {
				ids[familiar(name)] = image.ID
			}
		}
		if len(image.RepoDigests) > 0 && !strings.HasPrefix(image.RepoDigests[0], "<none>") {
			digests[image.ID] = image.RepoDigests[0]
		}
	}
	return ids, digests, nil
}

// imageIDs gives the ID of each ref that the Engine has.
func (e *Engine) imageIDs(ctx context.Context, refs []string) (map[string]string, error) {
	have, err := e.localImages(ctx)
	if err != nil {
		return nil, err
	}
	ids := map[string]string{}
	for _, ref := range refs {
		if id := have[familiar(ref)]; id != "" {
			ids[ref] = id
			continue
		}
		res, err := e.api.ImageInspect(ctx, ref)
		if errdefs.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, gone(err)
		}
		ids[ref] = res.ID
	}
	return ids, nil
}
