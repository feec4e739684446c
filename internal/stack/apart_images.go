package stack

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/containerd/errdefs"
	"github.com/distribution/reference"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/moby/moby/client"
)

// The images that are built from a tree have names without a version. A whole
// copy of a project builds its own below its name: the names that the project
// runs by stay with its images.

// imageApart is the name in a copy of an image that is built.
func imageApart(project, ref string) (string, error) {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return "", fmt.Errorf("read image name %s: %w", ref, err)
	}
	tag := "latest"
	if t, is := named.(reference.Tagged); is {
		tag = t.Tag()
	}
	return project + "/" + strings.TrimPrefix(reference.Path(named), "library/") + ":" + tag, nil
}

// imagesApart renames what is built, also where a build starts from it.
func imagesApart(s *types.ServiceConfig, project string, built map[string]bool) (err error) {
	if built[familiar(s.Image)] {
		if s.Image, err = imageApart(project, s.Image); err != nil {
			return err
		}
	}
	if s.Build == nil {
		return nil
	}
	b := *s.Build
	b.Tags, b.Args = nil, types.MappingWithEquals{}
	for name, value := range s.Build.Args {
		if value != nil && built[familiar(*value)] {
			own, err := imageApart(project, *value)
			if err != nil {
				return err
			}
			value = &own
		}
		b.Args[name] = value
	}
	s.Build = &b
	return nil
}

// LendImages gives the images that the project has built, as its containers
// use them, the names that they have in a copy of it.
func (s *Stack) LendImages(ctx context.Context, to *Stack) error {
	if !to.project.apart {
		return fmt.Errorf("%s is no copy", to.project.Name())
	}
	used, err := s.usedImages(ctx)
	if err != nil {
		return err
	}
	return s.eachBuilt(ctx, func(ref string) error {
		own, err := imageApart(to.project.Name(), ref)
		if err != nil {
			return err
		}
		from := used[ref]
		if from == "" {
			from = ref
		}
		_, err = s.tagImage(ctx, from, own)
		return err
	})
}

// razeImages takes away the names of a copy's own images, and with its last
// name an image goes.
func (s *Stack) razeImages(ctx context.Context) error {
	all, err := s.api.ImageList(ctx, client.ImageListOptions{})
	if err != nil {
		return gone(err)
	}
	for _, image := range all.Items {
		for _, tag := range image.RepoTags {
			if !strings.HasPrefix(tag, s.project.Name()+"/") {
				continue
			}
			if _, err := s.api.ImageRemove(ctx, tag, client.ImageRemoveOptions{PruneChildren: true}); err != nil && !errdefs.IsNotFound(err) {
				return gone(fmt.Errorf("remove image %s: %w", tag, err))
			}
		}
	}
	return nil
}

// Address is where a service's container is reached from the Engine's machine,
// without a published port. False while it has none.
func (s *Stack) Address(ctx context.Context, service string) (netip.Addr, bool, error) {
	list, err := s.containers(ctx)
	if err != nil {
		return netip.Addr{}, false, err
	}
	for _, c := range list {
		if c.Labels[api.ServiceLabel] != service || c.NetworkSettings == nil {
			continue
		}
		for _, name := range sortedKeys(c.NetworkSettings.Networks) {
			if ip := c.NetworkSettings.Networks[name].IPAddress; ip.IsValid() {
				return ip, true, nil
			}
		}
	}
	return netip.Addr{}, false, nil
}
