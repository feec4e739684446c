package stack

import (
	"context"
	"fmt"

	"github.com/docker/compose/v5/pkg/api"
)

// ImageIDs gives the image of every enabled service, by reference, with the
// ID of what the Engine has under it, "" for what it lacks, and with the digest
// by which its registry knows it, which built and loaded images have not.
func (s *Stack) ImageIDs(ctx context.Context) (ids, digests map[string]string, err error) {
	have, known, err := s.engine.namedImages(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("list images: %w", err)
	}
	ids, digests = map[string]string{}, map[string]string{}
	for _, service := range s.model().Services {
		ref := api.GetImageNameOrDefault(service, s.project.Name())
		ids[ref] = have[familiar(ref)]
		if digest := known[ids[ref]]; digest != "" {
			digests[ref] = digest
		}
	}
	return ids, digests, nil
}

// Rendered gives the project as YAML, with all variables filled in. It holds
// what the variables hold, secrets too.
func (s *Stack) Rendered() ([]byte, error) {
	text, err := s.model().MarshalYAML()
	if err != nil {
		return nil, fmt.Errorf("render the project: %w", err)
	}
	return text, nil
}
