package stack

import (
	"cmp"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/compose/v5/pkg/api"

	"github.com/sentryctl/sentryctl/internal/release"
)

// Model gives the project as plain data: the services that are enabled, every
// declared volume, and the names of all profiles. Version stays empty: the
// compose file does not tell it.
func (p *Project) Model() release.Model {
	return release.Model{
		Project:  p.full.Name,
		Profiles: profiles(p.full),
		Services: services(p.full),
		Volumes:  volumes(p.full),
		Images:   images(p.full),
		Ports:    ports(p.full),
		Env:      p.envVars(),
		Examples: examples(p.dir),
		Builds:   builds(p.dir, p.full),
	}
}

func profiles(p *types.Project) []string {
	set := map[string]bool{}
	for _, s := range p.AllServices() {
		for _, name := range s.Profiles {
			set[name] = true
		}
	}
	return sortedKeys(set)
}

func services(p *types.Project) []release.Service {
	var list []release.Service
	for _, name := range p.ServiceNames() {
		s := p.Services[name]
		list = append(list, release.Service{
			Name:        name,
			Image:       api.GetImageNameOrDefault(s, p.Name),
			Profiles:    slices.Sorted(slices.Values(s.Profiles)),
			Build:       s.Build != nil,
			HealthCheck: hasHealthCheck(s),
			DependsOn:   sortedKeys(s.DependsOn),
			Nofile:      nofile(s),
			PullPolicy:  s.PullPolicy,
			Command:     s.Command,
		})
	}
	return list
}

func hasHealthCheck(s types.ServiceConfig) bool {
	return s.HealthCheck != nil && !s.HealthCheck.Disable && len(s.HealthCheck.Test) > 0 && s.HealthCheck.Test[0] != "NONE"
}

// nofile gives the hard limit of open files that the service asks for.
func nofile(s types.ServiceConfig) int64 {
	u := s.Ulimits["nofile"]
	if u == nil {
		return 0
	}
	return int64(max(u.Single, u.Hard))
}

func volumes(p *types.Project) []release.Volume {
	mounted := map[string][]string{}
	for _, name := range p.ServiceNames() {
		for _, v := range p.Services[name].Volumes {
			if v.Type == types.VolumeTypeVolume && v.Source != "" {
				mounted[v.Source] = append(mounted[v.Source], name+":"+v.Target)
			}
		}
	}
	var list []release.Volume
	for _, key := range p.VolumeNames() {
		v := p.Volumes[key]
		slices.Sort(mounted[key])
		list = append(list, release.Volume{Name: key, EngineName: v.Name, External: bool(v.External), MountedBy: mounted[key]})
	}
	return list
}

func images(p *types.Project) []release.Image {
	byRef := map[string]*release.Image{}
	for _, name := range p.ServiceNames() {
		s := p.Services[name]
		ref := api.GetImageNameOrDefault(s, p.Name)
		img := byRef[ref]
		if img == nil {
			img = &release.Image{Ref: ref}
			byRef[ref] = img
		}
		// One service with a build section makes the image local for all that
		// use it (upstream's workers name the image of web).
		img.Local = img.Local || s.Build != nil
		img.Services = append(img.Services, name)
	}
	var list []release.Image
	for _, ref := range sortedKeys(byRef) {
		list = append(list, *byRef[ref])
	}
	return list
}

func ports(p *types.Project) []release.Port {
	var list []release.Port
	for _, name := range p.ServiceNames() {
		for _, port := range p.Services[name].Ports {
			list = append(list, release.Port{Service: name, HostIP: port.HostIP, Published: port.Published, Target: port.Target, Protocol: port.Protocol})
		}
	}
	slices.SortStableFunc(list, func(a, b release.Port) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.Target, b.Target), cmp.Compare(a.Published, b.Published))
	})
	return list
}

func builds(dir string, p *types.Project) []release.Build {
	var list []release.Build
	for _, name := range p.ServiceNames() {
		s := p.Services[name]
		if s.Build == nil {
			continue
		}
		b := release.Build{
			Service: name, Context: relative(dir, s.Build.Context), Dockerfile: s.Build.Dockerfile,
			Image: api.GetImageNameOrDefault(s, p.Name), Args: map[string]string{}, Present: contextPresent(s.Build),
		}
		for k, v := range s.Build.Args {
			if v != nil {
				b.Args[k] = *v
			}
		}
		list = append(list, b)
	}
	return list
}

func contextPresent(b *types.BuildConfig) bool {
	if b.DockerfileInline != "" {
		return true
	}
	dockerfile := b.Dockerfile
	if dockerfile == "" {
		dockerfile = "Dockerfile"
	}
	if !filepath.IsAbs(dockerfile) {
		dockerfile = filepath.Join(b.Context, dockerfile)
	}
	_, err := os.Stat(dockerfile)
	return err == nil
}

// examples lists the configuration examples of the tree: upstream marks them
// with "example" in the name. Patches for them are no examples.
func examples(dir string) []string {
	var list []string
	// A directory that cannot be read holds no example for us.
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return fs.SkipDir
		}
		rel := relative(dir, path)
		if d.IsDir() {
			if strings.HasPrefix(d.Name(), ".") && rel != "." || strings.Count(rel, "/") >= 3 {
				return fs.SkipDir
			}
			return nil
		}
		if name := d.Name(); strings.Contains(name, ".example") && !strings.HasSuffix(name, ".patch") {
			list = append(list, rel)
		}
		return nil
	})
	slices.Sort(list)
	return list
}

func relative(dir, path string) string {
	rel, err := filepath.Rel(dir, path)
	if err != nil || strings.HasPrefix(rel, "..") {
		return path
	}
	return filepath.ToSlash(rel)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
