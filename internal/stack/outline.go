package stack

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/consts"
	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"go.yaml.in/yaml/v3"

	"github.com/sentryctl/sentryctl/internal/release"
)

// Outline finds what Load does of the name, profiles, volumes and images of the
// project in dir, in a fraction of the time: most of a compose file is how
// services are to run, and that is not looked at.
func Outline(ctx context.Context, dir string) (release.Model, error) {
	quiet()
	dir, err := filepath.Abs(dir)
	if err != nil {
		return release.Model{}, fmt.Errorf("find the project's directory: %w", err)
	}
	_, fileEnv, err := readEnvFiles(dir, nil)
	if err != nil {
		return release.Model{}, err
	}
	files, err := composeFiles(dir, nil, fileEnv)
	if err != nil {
		return release.Model{}, err
	}
	details := types.ConfigDetails{WorkingDir: dir, Environment: environment(fileEnv, nil, os.Environ())}
	for _, f := range files {
		outline, err := outlineOf(f)
		if err != nil {
			return release.Model{}, loadFault(files, err)
		}
		details.ConfigFiles = append(details.ConfigFiles, outline)
	}
	model, err := loader.LoadModelWithContext(ctx, details, outlined(details))
	if err != nil {
		return release.Model{}, loadFault(files, err)
	}
	p, err := outlineProject(model).WithProfiles(activeProfiles(details))
	if err != nil {
		return release.Model{}, loadFault(files, err)
	}
	return release.Model{Project: p.Name, Profiles: profiles(p), Volumes: volumes(p), Images: images(p)}, nil
}

func activeProfiles(d types.ConfigDetails) []string {
	return strings.Split(strings.ReplaceAll(d.Environment[consts.ComposeProfiles], " ", ""), ",")
}

// outlineProject takes over what an outline tells. The loader's own way from a model to
// a project tries each of the hundred fields of each service.
func outlineProject(model map[string]any) *types.Project {
	p := &types.Project{Services: types.Services{}, Volumes: types.Volumes{}}
	p.Name, _ = model["name"].(string)
	for name, v := range parts(model, "volumes") {
		external, _ := v["external"].(bool)
		engineName, _ := v["name"].(string)
		p.Volumes[name] = types.VolumeConfig{Name: engineName, External: types.External(external)}
	}
	for name, s := range parts(model, "services") {
		service := types.ServiceConfig{Name: name}
		service.Image, _ = s["image"].(string)
		if s["build"] != nil {
			service.Build = &types.BuildConfig{}
		}
		profiles, _ := s["profiles"].([]any)
		for _, name := range profiles {
			service.Profiles = append(service.Profiles, fmt.Sprint(name))
		}
		p.Services[name] = service
	}
	return p
}

// parts are the things with a name in a section of a compose file.
func parts(model map[string]any, section string) map[string]map[string]any {
	all := map[string]map[string]any{}
	named, _ := model[section].(map[string]any)
	for name, part := range named {
		all[name], _ = part.(map[string]any)
	}
	return all
}

// outlined names the project as Load does.
func outlined(d types.ConfigDetails) func(*loader.Options) {
	return func(o *loader.Options) {
		o.SkipValidation, o.SkipDefaultValues = true, true
		o.SetProjectName(loader.NormalizeProjectName(filepath.Base(d.WorkingDir)), false)
		if name := d.Environment[consts.ComposeProjectName]; name != "" {
			o.SetProjectName(name, true)
		}
	}
}

// outlineOf cuts a compose file down. One that takes back what a file before it
// says stays whole: reading loses its tags.
func outlineOf(file string) (types.ConfigFile, error) {
	outline := types.ConfigFile{Filename: file}
	data, err := os.ReadFile(file)
	if err != nil || bytes.Contains(data, []byte("!reset")) || bytes.Contains(data, []byte("!override")) {
		outline.Content = data
		return outline, err
	}
	if err := yaml.Unmarshal(data, &outline.Config); err != nil {
		return outline, fmt.Errorf("%s: %w", file, err)
	}
	keep(outline.Config, "name", "include", "services", "volumes")
	for _, service := range parts(outline.Config, "services") {
		keep(service, "image", "build", "profiles", "extends")
	}
	// The loader looks for a name here, else it would read the file once more.
	outline.Content, err = yaml.Marshal(map[string]any{"name": outline.Config["name"]})
	return outline, err
}

func keep(m map[string]any, keys ...string) {
	for k := range m {
		if !slices.Contains(keys, k) {
			delete(m, k)
		}
	}
}
