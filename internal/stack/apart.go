package stack

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/containerd/errdefs"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/moby/moby/client"
)

// ApartOptions say what a copy of a project is called and may use.
type ApartOptions struct {
	Name     string
	Services []string // with all that they depend on
	CPUs     float64  // of each container
	Memory   int64    // of each container, bytes; 0: no limit
	Whole    bool     // it is built, and started again after an end, as the project is
}

// A copy gives way to the site: the least share of the disks that an Engine
// gives, a small one of the CPUs, and the first to go when memory runs out.
const (
	ioWeight  = 10
	lowShares = 64
	firstToGo = 900
)

// Apart gives a copy of some services that has nothing in common with the
// project but images: own containers, volumes and networks that lead nowhere,
// no published ports, and bounds on what it uses. What it mounts from outside
// of the project's directory it can only read. A whole copy has names of its
// own also for the images that are built from the tree: see apart_images.go.
func (p *Project) Apart(o ApartOptions) (*Project, error) {
	if o.Name == "" || o.Name == p.Name() {
		return nil, errors.New("a project apart needs a name of its own")
	}
	keep, err := closure(p.run, o.Services)
	if err != nil {
		return nil, err
	}
	c := only(p.run, keep)
	built := builtRefs(p.run)
	for name, s := range c.Services {
		if c.Services[name], err = p.serviceApart(s, o, built); err != nil {
			return nil, err
		}
	}
	for key, v := range c.Volumes {
		if strings.HasPrefix(v.Name, o.Name+"_") {
			continue // a hop has put one of the copy's own in this place
		}
		c.Volumes[key] = types.VolumeConfig{Name: o.Name + "_" + key, Labels: v.Labels}
	}
	for key := range c.Networks {
		c.Networks[key] = types.NetworkConfig{Name: o.Name + "_" + key, Internal: true}
	}
	c.Name, c.DisabledServices = o.Name, types.Services{}
	label(c, nil)
	return &Project{dir: p.dir, envFiles: p.envFiles, fileEnv: p.fileEnv, full: c, run: c, apart: true}, nil
}

func (p *Project) serviceApart(s types.ServiceConfig, o ApartOptions, built map[string]bool) (types.ServiceConfig, error) {
	s.Image = api.GetImageNameOrDefault(s, p.Name())
	s.Ports, s.ContainerName, s.NetworkMode = nil, "", ""
	s.Labels = nil // a proxy that reads them would send it what is for the site
	if o.Whole {
		if err := imagesApart(&s, o.Name, built); err != nil {
			return s, err
		}
	} else {
		s.Build, s.Restart = nil, types.RestartPolicyNo
	}
	s.OomScoreAdj, s.CPUShares = firstToGo, lowShares
	s.Deploy, s.Scale, s.MemReservation, s.MemSwapLimit = nil, nil, 0, 0
	s.CPUS, s.MemLimit = float32(o.CPUs), types.UnitBytes(o.Memory)
	s.BlkioConfig = &types.BlkioConfig{Weight: ioWeight}
	for key, n := range s.Networks {
		if n != nil {
			s.Networks[key] = &types.ServiceNetworkConfig{Aliases: n.Aliases}
		}
	}
	outside := func(v types.ServiceVolumeConfig) bool {
		return v.Type == types.VolumeTypeBind && v.Source != p.dir && !strings.HasPrefix(v.Source, p.dir+"/")
	}
	s.Volumes = slices.DeleteFunc(s.Volumes, func(v types.ServiceVolumeConfig) bool { return outside(v) && listens(v.Source) })
	for i, v := range s.Volumes {
		s.Volumes[i].ReadOnly = v.ReadOnly || outside(v)
	}
	return s, nil
}

// listens tells of a socket, or a directory that has one: whoever mounts it reaches what
// listens there, although it can only read.
func listens(path string) bool {
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	if !info.IsDir() {
		return info.Mode()&fs.ModeSocket != 0
	}
	list, err := os.ReadDir(path)
	return err == nil && slices.ContainsFunc(list, func(e fs.DirEntry) bool { return e.Type()&fs.ModeSocket != 0 })
}

// Raze removes all that a project apart has on the Engine, also what a run
// that was killed has left. Any other project is refused.
func (s *Stack) Raze(ctx context.Context) error {
	if !s.project.apart {
		return fmt.Errorf("%s is a site of its own and not to be razed", s.project.Name())
	}
	mine := make(client.Filters).Add("label", api.ProjectLabel+"="+s.project.Name())
	boxes, err := s.api.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: mine})
	if err != nil {
		return gone(err)
	}
	for _, c := range boxes.Items {
		if err := s.engine.remove(ctx, c.ID); err != nil {
			return err
		}
	}
	if err := s.razeHelpers(ctx); err != nil {
		return err
	}
	return errors.Join(s.razeVolumes(ctx), s.razeNetworks(ctx, mine), s.razeImages(ctx))
}

// razeHelpers removes helpers, which have no project, by their names.
func (s *Stack) razeHelpers(ctx context.Context) error {
	found, err := s.api.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: make(client.Filters).Add("label", helperLabel)})
	if err != nil {
		return gone(err)
	}
	for _, c := range found.Items {
		if !strings.HasPrefix(containerName(c.Names), s.containerName("")) {
			continue
		}
		if err := s.engine.remove(ctx, c.ID); err != nil {
			return err
		}
	}
	return nil
}

// razeVolumes removes the volumes of a project apart: those that Compose knows
// as its own, and those that only their names tell of.
func (s *Stack) razeVolumes(ctx context.Context) error {
	found, err := s.api.VolumeList(ctx, client.VolumeListOptions{})
	if err != nil {
		return gone(err)
	}
	var names []string
	for _, v := range found.Items {
		if v.Labels[api.ProjectLabel] == s.project.Name() || strings.HasPrefix(v.Name, s.project.Name()+"_") {
			names = append(names, v.Name)
		}
	}
	for _, name := range slices.Sorted(slices.Values(names)) {
		if err := s.RemoveVolume(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

func (s *Stack) razeNetworks(ctx context.Context, mine client.Filters) error {
	found, err := s.api.NetworkList(ctx, client.NetworkListOptions{Filters: mine})
	if err != nil {
		return gone(err)
	}
	for _, n := range found.Items {
		err := s.withoutUsers(ctx, func() error {
			_, err := s.api.NetworkRemove(ctx, n.ID, client.NetworkRemoveOptions{})
			return err
		})
		if err != nil && !errdefs.IsNotFound(err) {
			return gone(fmt.Errorf("remove network %s: %w", n.Name, err))
		}
	}
	return nil
}
