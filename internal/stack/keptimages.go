package stack

import (
	"context"
	"fmt"

	"github.com/containerd/errdefs"
	"github.com/distribution/reference"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/moby/moby/client"
)

// A build gives an image's name to what it has built, and takes it from what
// had it. Before another release is built, the images of the present one get a
// second name each, and are found again under it. The name is the project's
// own: sites on one Engine build images of the same name.

// KeepUsed gives the images that are built from the tree, as the containers
// use them now, a second name with a tag.
func (s *Stack) KeepUsed(ctx context.Context, tag string) error {
	used, err := s.usedImages(ctx)
	if err != nil {
		return err
	}
	return s.eachBuilt(ctx, func(ref string) error {
		from := used[ref]
		if from == "" {
			from = ref
		}
		return s.nameImage(ctx, from, ref, tag)
	})
}

// KeepBuilt does so with the images that have the names now.
func (s *Stack) KeepBuilt(ctx context.Context, tag string) error {
	return s.eachBuilt(ctx, func(ref string) error { return s.nameImage(ctx, ref, ref, tag) })
}

// UseKept gives the names back to the images that were kept with a tag. One
// that was not kept is left alone: it is built when it is needed. Former
// versions kept images under the tag alone.
func (s *Stack) UseKept(ctx context.Context, tag string) error {
	return s.eachBuilt(ctx, func(ref string) error {
		for _, t := range []string{s.ownTag(tag), tag} {
			kept, err := withTag(ref, t)
			if err != nil {
				return err
			}
			if found, err := s.tagImage(ctx, kept, ref); found || err != nil {
				return err
			}
		}
		return nil
	})
}

// ForgetKept takes the second names away, and the images with them that have no
// other name.
func (s *Stack) ForgetKept(ctx context.Context, tag string) error {
	return s.eachBuilt(ctx, func(ref string) error {
		kept, err := withTag(ref, s.ownTag(tag))
		if err != nil {
			return err
		}
		_, err = s.api.ImageRemove(ctx, kept, client.ImageRemoveOptions{PruneChildren: true})
		if err == nil || errdefs.IsNotFound(err) {
			return nil
		}
		return gone(fmt.Errorf("remove image %s: %w", kept, err))
	})
}

// ownTag is a tag that no other project on the Engine gives.
func (s *Stack) ownTag(tag string) string { return tag + "-" + s.project.Name() }

func (s *Stack) eachBuilt(ctx context.Context, do func(ref string) error) error {
	for _, ref := range sortedKeys(builtRefs(s.model())) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := do(ref); err != nil {
			return err
		}
	}
	return nil
}

// usedImages gives the ID of each built image that a container was made from.
func (s *Stack) usedImages(ctx context.Context) (map[string]string, error) {
	found, err := s.observe(ctx, func(string) bool { return true })
	if err != nil {
		return nil, err
	}
	used := map[string]string{}
	for name, service := range s.model().Services {
		for _, b := range found[name] {
			used[familiar(api.GetImageNameOrDefault(service, s.project.Name()))] = b.imageID
		}
	}
	return used, nil
}

func (s *Stack) nameImage(ctx context.Context, from, ref, tag string) error {
	to, err := withTag(ref, s.ownTag(tag))
	if err != nil {
		return err
	}
	_, err = s.tagImage(ctx, from, to)
	return err
}

// tagImage tells whether there is such an image.
func (s *Stack) tagImage(ctx context.Context, from, to string) (found bool, err error) {
	_, err = s.api.ImageTag(ctx, client.ImageTagOptions{Source: from, Target: to})
	if errdefs.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, startFault(fmt.Errorf("name image %s %s: %w", from, to, err))
	}
	return true, nil
}

func withTag(ref, tag string) (string, error) {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return "", fmt.Errorf("read image name %s: %w", ref, err)
	}
	tagged, err := reference.WithTag(reference.TrimNamed(named), tag)
	if err != nil {
		return "", fmt.Errorf("name image %s: %w", ref, err)
	}
	return reference.FamiliarString(tagged), nil
}
