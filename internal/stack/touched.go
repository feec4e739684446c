package stack

import (
	"cmp"
	"context"
	"path/filepath"
	"slices"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/compose/v5/pkg/api"

	"github.com/sentryctl/sentryctl/internal/workload"
)

// Touched tells, for every enabled service, what Start would do with it once
// the named files of the site, given by path, have changed. Services that it
// would leave alone are not listed. It changes nothing.
func (s *Stack) Touched(ctx context.Context, changed []string) ([]workload.Touch, error) {
	p := s.model().WithoutUnresolvedOptionalDependencies()
	found, err := s.observe(ctx, func(string) bool { return true })
	if err != nil {
		return nil, err
	}
	var refs []string
	for _, service := range p.Services {
		refs = append(refs, api.GetImageNameOrDefault(service, p.Name))
	}
	images, err := s.engine.imageIDs(ctx, refs)
	if err != nil {
		return nil, err
	}
	var out []workload.Touch
	for _, name := range p.ServiceNames() {
		service := p.Services[name]
		how, err := s.touch(service, found[name], images[api.GetImageNameOrDefault(service, p.Name)], changed)
		if err != nil {
			return nil, err
		}
		if how == "" && outdated(service, found) {
			how = workload.Restart
		}
		if how != "" {
			out = append(out, workload.Touch{Service: name, How: how})
		}
	}
	return withDependants(p, out), nil
}

// withDependants adds the services that are restarted because one that they
// follow is.
func withDependants(p *types.Project, touched []workload.Touch) []workload.Touch {
	out := slices.Clone(touched)
	for _, name := range p.ServiceNames() {
		if slices.ContainsFunc(touched, func(t workload.Touch) bool { return t.Service == name }) {
			continue
		}
		for _, t := range touched {
			if slices.Contains(follows(p.Services[name]), t.Service) {
				out = append(out, workload.Touch{Service: name, How: workload.Restart})
				break
			}
		}
	}
	slices.SortFunc(out, func(a, b workload.Touch) int { return cmp.Compare(a.Service, b.Service) })
	return out
}

func (s *Stack) touch(service types.ServiceConfig, boxes []box, image string, changed []string) (workload.How, error) {
	if len(boxes) == 0 {
		return workload.Create, nil
	}
	current, err := s.currentBoxes(service, boxes, image)
	switch {
	case err != nil:
		return "", err
	case !current:
		return workload.Recreate, nil
	case !slices.ContainsFunc(boxes, box.running):
		if slices.ContainsFunc(boxes, box.completed) {
			return "", nil
		}
		return workload.StartIt, nil
	case s.mounts(service, changed), changedSince(s.project.dir, service, boxes[0].started):
		return workload.Restart, nil
	}
	return "", nil
}

// mounts tells whether the service mounts one of the files.
func (s *Stack) mounts(service types.ServiceConfig, files []string) bool {
	return slices.ContainsFunc(service.Volumes, func(v types.ServiceVolumeConfig) bool {
		return v.Type == types.VolumeTypeBind && slices.ContainsFunc(files, func(f string) bool { return inside(v.Source, filepath.Clean(f)) })
	})
}

// Instances tells which containers the services have, sorted by service: what
// differs afterwards was recreated or restarted.
func (s *Stack) Instances(ctx context.Context) ([]workload.Instance, error) {
	found, err := s.observe(ctx, func(string) bool { return true })
	if err != nil {
		return nil, err
	}
	var out []workload.Instance
	for _, name := range sortedKeys(found) {
		for _, b := range found[name] {
			out = append(out, workload.Instance{Service: name, ID: b.id, Started: b.started, Running: b.running()})
		}
	}
	return out, nil
}
