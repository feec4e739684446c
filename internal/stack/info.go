package stack

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/distribution/reference"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/moby/moby/api/types/build"
	"github.com/moby/moby/api/types/system"
	"github.com/moby/moby/client"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
)

// Info is what the Engine says of itself and its host.
type Info struct {
	ServerVersion     string
	APIVersion        string // negotiated
	EngineAPIVersion  string // the highest that the Engine speaks
	MinAPIVersion     string
	OS                string // name of the operating system, "Debian GNU/Linux 12"
	OSType            string // "linux"
	Arch              string // as uname gives it, "x86_64"
	Kernel            string
	NCPU              int
	MemTotal          int64 // bytes
	RootDir           string
	StorageDriver     string
	BackingFilesystem string // of the storage driver, "" when not told
	CgroupVersion     string
	CgroupDriver      string
	SecurityOptions   []string
	Rootless          bool
	DockerDesktop     bool
	Snap              bool
	Podman            bool
	HTTPProxy         string // the daemon's; the Engine masks the credentials in it
	HTTPSProxy        string
	NoProxy           string
	Mirrors           []string // of Docker Hub
	Name              string   // host name of the Engine's machine
	Host              string   // endpoint, "unix:///var/run/docker.sock"
	Local             bool     // the Engine runs on this machine and not in a VM
	SystemTime        time.Time
	BuildKit          bool // the Engine prefers BuildKit
	Warnings          []string
}

// Info asks the Engine for the facts that preflight judges.
func (e *Engine) Info(ctx context.Context) (Info, error) {
	var info Info
	var version client.ServerVersionResult
	var ping client.PingResult
	// At once: the Engine starts programs to answer the first two.
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() (err error) { info, err = e.Machine(groupCtx); return err })
	group.Go(func() (err error) {
		version, err = e.api.ServerVersion(groupCtx, client.ServerVersionOptions{})
		return err
	})
	group.Go(func() (err error) { ping, err = e.api.Ping(groupCtx, client.PingOptions{}); return err })
	if err := group.Wait(); err != nil {
		return Info{}, gone(err)
	}
	info.APIVersion = e.api.ClientVersion()
	info.EngineAPIVersion, info.MinAPIVersion = version.APIVersion, version.MinAPIVersion
	info.Podman = slices.ContainsFunc(version.Components, func(c system.ComponentVersion) bool {
		return strings.Contains(c.Name, "Podman")
	})
	info.BuildKit = ping.BuilderVersion == build.BuilderBuildKit
	return info, nil
}

// Machine asks for what Info tells of the Engine's machine alone: less for the
// Engine to find out.
func (e *Engine) Machine(ctx context.Context) (Info, error) {
	res, err := e.api.Info(ctx, client.InfoOptions{})
	if err != nil {
		return Info{}, gone(err)
	}
	info := fromSystem(res.Info)
	info.Host = e.host
	info.Local = e.local(info)
	return info, nil
}

func fromSystem(s system.Info) Info {
	var mirrors []string
	if s.RegistryConfig != nil {
		mirrors = s.RegistryConfig.Mirrors
	}
	taken, _ := time.Parse(time.RFC3339Nano, s.SystemTime) // zero when the Engine sends none
	return Info{
		ServerVersion: s.ServerVersion, OS: s.OperatingSystem, OSType: s.OSType, Arch: s.Architecture,
		Kernel: s.KernelVersion, NCPU: s.NCPU, MemTotal: s.MemTotal, RootDir: s.DockerRootDir,
		StorageDriver: s.Driver, BackingFilesystem: backing(s.DriverStatus),
		CgroupVersion: s.CgroupVersion, CgroupDriver: s.CgroupDriver, SecurityOptions: s.SecurityOptions,
		Rootless:      slices.Contains(s.SecurityOptions, "name=rootless"),
		DockerDesktop: strings.Contains(s.OperatingSystem, "Docker Desktop"),
		Snap:          strings.HasPrefix(s.DockerRootDir, "/var/snap/"),
		HTTPProxy:     s.HTTPProxy, HTTPSProxy: s.HTTPSProxy, NoProxy: s.NoProxy, Mirrors: mirrors,
		Name: s.Name, SystemTime: taken, Warnings: s.Warnings,
	}
}

func backing(status [][2]string) string {
	for _, kv := range status {
		if strings.EqualFold(kv[0], "backing filesystem") {
			return kv[1]
		}
	}
	return ""
}

// local tells whether paths of the Engine are paths here. A unix socket alone
// does not: Docker Desktop, Colima and ssh forwards have one too. The same
// kernel and a root directory that exists here say the rest.
func (e *Engine) local(info Info) bool {
	if !strings.HasPrefix(e.host, "unix://") || runtime.GOOS != "linux" || info.DockerDesktop {
		return false
	}
	var uts unix.Utsname
	if err := unix.Uname(&uts); err != nil || unix.ByteSliceToString(uts.Release[:]) != info.Kernel {
		return false
	}
	_, err := os.Stat(info.RootDir)
	return err == nil
}

// VolumeNames lists the Engine's volumes, sorted.
func (e *Engine) VolumeNames(ctx context.Context) ([]string, error) {
	res, err := e.api.VolumeList(ctx, client.VolumeListOptions{})
	if err != nil {
		return nil, gone(err)
	}
	names := make([]string, 0, len(res.Items))
	for _, v := range res.Items {
		names = append(names, v.Name)
	}
	slices.Sort(names)
	return names, nil
}

// Volume is one volume of the Engine, whatever project it belongs to.
type Volume struct {
	Name    string
	Project string // compose project, "" for one made outside of Compose
}

// Volumes lists the Engine's volumes, sorted by name.
func (e *Engine) Volumes(ctx context.Context) ([]Volume, error) {
	res, err := e.api.VolumeList(ctx, client.VolumeListOptions{})
	if err != nil {
		return nil, gone(err)
	}
	list := make([]Volume, 0, len(res.Items))
	for _, v := range res.Items {
		list = append(list, Volume{Name: v.Name, Project: v.Labels[api.ProjectLabel]})
	}
	slices.SortFunc(list, func(a, b Volume) int { return cmp.Compare(a.Name, b.Name) })
	return list, nil
}

// Container is one container of the Engine, whatever project it belongs to.
type Container struct {
	ID      string
	Name    string
	Image   string
	Project string // compose project, "" for none
	Service string
	Dir     string // of the compose project, as its label tells
	State   string // "running", "exited", …
	Ports   []PublishedPort
}

// PublishedPort is a port of a container that the Engine's host listens on.
type PublishedPort struct {
	IP       string
	Port     uint16
	Target   uint16
	Protocol string
}

// Containers lists all containers, stopped ones too, sorted by name.
func (e *Engine) Containers(ctx context.Context) ([]Container, error) {
	res, err := e.api.ContainerList(ctx, client.ContainerListOptions{All: true})
	if err != nil {
		return nil, gone(err)
	}
	list := make([]Container, 0, len(res.Items))
	for _, c := range res.Items {
		item := Container{
			ID: c.ID, Name: containerName(c.Names), Image: c.Image, State: string(c.State),
			Project: c.Labels[api.ProjectLabel], Service: c.Labels[api.ServiceLabel],
			Dir: c.Labels[api.WorkingDirLabel],
		}
		for _, p := range c.Ports {
			if p.PublicPort != 0 {
				item.Ports = append(item.Ports, PublishedPort{IP: ipText(p.IP), Port: p.PublicPort, Target: p.PrivatePort, Protocol: p.Type})
			}
		}
		list = append(list, item)
	}
	slices.SortFunc(list, func(a, b Container) int { return cmp.Compare(a.Name, b.Name) })
	return list, nil
}

// ImagePresent tells whether the Engine has the image ref.
func (e *Engine) ImagePresent(ctx context.Context, ref string) (bool, error) {
	_, present, err := e.ImageSize(ctx, ref)
	return present, err
}

// ImageSize gives the bytes of an image, if the Engine has it.
func (e *Engine) ImageSize(ctx context.Context, ref string) (bytes int64, present bool, err error) {
	res, err := e.api.ImageInspect(ctx, ref)
	if errdefs.IsNotFound(err) {
		return 0, false, nil
	}
	return res.Size, err == nil, gone(err)
}

// SizeAlike is the size in bytes of the largest image here that has the same name but for
// its tag, 0 when there is none.
func (e *Engine) SizeAlike(ctx context.Context, ref string) (bytes int64, err error) {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return 0, fmt.Errorf("image %s: %w", ref, err)
	}
	found, err := e.api.ImageList(ctx, client.ImageListOptions{Filters: make(client.Filters).Add("reference", reference.FamiliarName(named))})
	for _, i := range found.Items {
		bytes = max(bytes, i.Size)
	}
	return bytes, gone(err)
}

func ipText(ip netip.Addr) string {
	if !ip.IsValid() {
		return ""
	}
	return ip.String()
}

// containerName takes the name without links and without the slash.
func containerName(names []string) string {
	for _, n := range names {
		if strings.Count(n, "/") == 1 {
			return strings.TrimPrefix(n, "/")
		}
	}
	return ""
}
