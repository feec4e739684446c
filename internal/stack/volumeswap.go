package stack

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/containerd/errdefs"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/moby/moby/api/types/volume"
	"github.com/moby/moby/client"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// VolumeExists tells whether the Engine has a volume.
func (s *Stack) VolumeExists(ctx context.Context, name string) (bool, error) {
	_, err := s.api.VolumeInspect(ctx, name, client.VolumeInspectOptions{})
	if errdefs.IsNotFound(err) {
		return false, nil
	}
	return err == nil, gone(err)
}

// CreateVolume makes a volume that is missing. key is its name in the compose
// file, "" for one that is none of the project's: Compose knows its own by
// labels.
func (s *Stack) CreateVolume(ctx context.Context, name, key string) error {
	o := client.VolumeCreateOptions{Name: name, Labels: map[string]string{}}
	if key != "" {
		o.Labels[api.ProjectLabel], o.Labels[api.VolumeLabel] = s.project.Name(), key
	}
	if _, err := s.api.VolumeCreate(ctx, o); err != nil {
		return startFault(fmt.Errorf("create volume %s: %w", name, err))
	}
	return nil
}

// RemoveVolume removes a volume. One that is gone already is fine.
func (s *Stack) RemoveVolume(ctx context.Context, name string) error {
	_, err := s.api.VolumeRemove(ctx, name, client.VolumeRemoveOptions{})
	if err == nil || errdefs.IsNotFound(err) {
		return nil
	}
	return gone(fmt.Errorf("remove volume %s: %w", name, err))
}

// VolumeDirs gives where the Engine's machine keeps the data of volumes, by
// name. One that is kept elsewhere than in a directory of the Engine's own is
// an error: its data cannot change places with another's.
func (s *Stack) VolumeDirs(ctx context.Context, names ...string) (map[string]string, error) {
	dirs := map[string]string{}
	for _, name := range names {
		res, err := s.api.VolumeInspect(ctx, name, client.VolumeInspectOptions{})
		if err != nil {
			return nil, gone(fmt.Errorf("look at volume %s: %w", name, err))
		}
		if dirs[name] = ownDir(res.Volume); dirs[name] == "" {
			return nil, fault.New(fault.Other, "Restore to a directory with --to, and copy it into the volume",
				"volume %s: %w", name, workload.ErrElsewhere)
		}
	}
	return dirs, nil
}

// AllVolumeDirs gives the same for all volumes of the Engine, asked once, with
// "" for one that is kept elsewhere.
func (e *Engine) AllVolumeDirs(ctx context.Context) (map[string]string, error) {
	res, err := e.api.VolumeList(ctx, client.VolumeListOptions{})
	if err != nil {
		return nil, gone(fmt.Errorf("list volumes: %w", err))
	}
	dirs := map[string]string{}
	for _, v := range res.Items {
		dirs[v.Name] = ownDir(v)
	}
	return dirs, nil
}

// ownDir is the directory in which the Engine itself keeps a volume's data, "" if
// it does not.
func ownDir(v volume.Volume) string {
	if v.Driver != "local" || len(v.Options) > 0 || filepath.Base(v.Mountpoint) != "_data" {
		return ""
	}
	return v.Mountpoint
}
