package stack

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"github.com/sentryctl/sentryctl/internal/fault"
)

// maxReadFile bounds a file that is read out of a volume or an image: version
// files, tables, configuration.
const maxReadFile = 16 << 20

// MissingVolumes lists the external volumes that services use and the Engine
// does not have, sorted.
func (s *Stack) MissingVolumes(ctx context.Context) ([]string, error) {
	have, err := s.engine.VolumeNames(ctx)
	if err != nil {
		return nil, fmt.Errorf("list volumes: %w", err)
	}
	var missing []string
	for _, v := range s.model().Volumes {
		if bool(v.External) && !slices.Contains(have, v.Name) && !slices.Contains(missing, v.Name) {
			missing = append(missing, v.Name)
		}
	}
	slices.Sort(missing)
	return missing, nil
}

// EnsureVolumes creates the external volumes that are missing, as `docker
// volume create` would, and returns their names. Compose makes its own.
func (s *Stack) EnsureVolumes(ctx context.Context) (created []string, err error) {
	missing, err := s.MissingVolumes(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range missing {
		if _, err := s.api.VolumeCreate(ctx, client.VolumeCreateOptions{Name: name}); err != nil {
			return created, startFault(fmt.Errorf("create volume %s: %w", name, err))
		}
		created = append(created, name)
	}
	return created, nil
}

// volumeMounted is where a volume that is read stands in the container.
const volumeMounted = "/volume"

// ReadVolumeFile reads a file of a volume through a container that is made
// and never started. The error wraps fs.ErrNotExist when the volume or the
// file is absent; reading never creates a volume.
func (e *Engine) ReadVolumeFile(ctx context.Context, volume, file string) ([]byte, error) {
	if err := e.volumeExists(ctx, volume); err != nil {
		return nil, err
	}
	image, err := e.someImage(ctx)
	if err != nil {
		return nil, err
	}
	data, err := e.readFile(ctx, image, path.Join(volumeMounted, path.Join("/", file)), mount.Mount{
		Type: mount.TypeVolume, Source: volume, Target: volumeMounted, ReadOnly: true,
		VolumeOptions: &mount.VolumeOptions{NoCopy: true},
	})
	if err != nil {
		return nil, fmt.Errorf("read %s of volume %s: %w", file, volume, err)
	}
	return data, nil
}

// ReadImageFile reads a file of an image. The error wraps fs.ErrNotExist when
// the image or the file is absent.
func (e *Engine) ReadImageFile(ctx context.Context, image, file string) ([]byte, error) {
	data, err := e.readFile(ctx, image, path.Join("/", file))
	if err != nil {
		return nil, fmt.Errorf("read %s of image %s: %w", file, image, err)
	}
	return data, nil
}

// ReadVolumeFile is Engine.ReadVolumeFile.
func (s *Stack) ReadVolumeFile(ctx context.Context, volume, file string) ([]byte, error) {
	return s.engine.ReadVolumeFile(ctx, volume, file)
}

// ReadImageFile is Engine.ReadImageFile.
func (s *Stack) ReadImageFile(ctx context.Context, image, file string) ([]byte, error) {
	return s.engine.ReadImageFile(ctx, image, file)
}

func (e *Engine) volumeExists(ctx context.Context, name string) error {
	if name == "" {
		return fmt.Errorf("no volume named: %w", fs.ErrNotExist)
	}
	_, err := e.api.VolumeInspect(ctx, name, client.VolumeInspectOptions{})
	if errdefs.IsNotFound(err) {
		return fmt.Errorf("volume %s: %w", name, fs.ErrNotExist)
	}
	return gone(err)
}

// someImage gives an image to make a container of that is not started: the
// helper, or whatever there is.
func (e *Engine) someImage(ctx context.Context) (string, error) {
	helper, err := e.EnsureHelper(ctx)
	if err == nil {
		return helper, nil
	}
	if fault.CodeOf(err) == fault.NoEngine || ctx.Err() != nil {
		return "", err
	}
	list, listErr := e.api.ImageList(ctx, client.ImageListOptions{})
	if listErr != nil {
		return "", gone(listErr)
	}
	if len(list.Items) == 0 {
		return "", err
	}
	return list.Items[0].ID, nil
}

// readFile copies one regular file out of a container that is not started.
func (e *Engine) readFile(ctx context.Context, image, file string, mounts ...mount.Mount) ([]byte, error) {
	made, err := e.api.ContainerCreate(ctx, client.ContainerCreateOptions{
		// An image without a command needs one to make a container of.
		Config:           &container.Config{Image: image, Entrypoint: []string{"none"}, Labels: map[string]string{helperLabel: "read"}},
		HostConfig:       &container.HostConfig{Mounts: mounts, NetworkMode: "none"},
		NetworkingConfig: &network.NetworkingConfig{},
	})
	if err != nil {
		return nil, notExist(err)
	}
	defer func() { _ = e.remove(ctx, made.ID) }() // the read has succeeded or its error tells more
	return e.copyOut(ctx, made.ID, file)
}

// copyOut copies one regular file out of a container, running or not.
func (e *Engine) copyOut(ctx context.Context, id, file string) ([]byte, error) {
	res, err := e.api.CopyFromContainer(ctx, id, client.CopyFromContainerOptions{SourcePath: file})
	if err != nil {
		return nil, notExist(err)
	}
	defer res.Content.Close()
	archive := tar.NewReader(res.Content)
	head, err := archive.Next()
	if err != nil {
		return nil, e.lost(ctx, err)
	}
	if head.Typeflag != tar.TypeReg {
		return nil, errors.New("not a regular file")
	}
	if head.Size > maxReadFile {
		return nil, fmt.Errorf("%d bytes are more than the %d that are read", head.Size, maxReadFile)
	}
	data, err := io.ReadAll(archive)
	return data, e.lost(ctx, err)
}

// notExist turns the Engine's "not found" into the one of files.
func notExist(err error) error {
	if errdefs.IsNotFound(err) {
		return fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	}
	return gone(err)
}
