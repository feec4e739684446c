package install_test

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// engine is a Docker Engine in memory: it holds images, volumes, containers
// and the little of their contents that an install leaves behind.
type engine struct {
	mu      sync.Mutex
	images  map[string]bool
	volumes map[string]map[string]string // volume name to file to content
	running map[string]bool
	users   []string
	topics  []string
	calls   []string // commands that changed something, in order
	breakAt string   // a call that contains this fails once
	offline bool     // nothing can be fetched
	sdk     bool     // nginx's volume holds the browser SDK
	pgImage string   // what `postgres --version` says
}

func newEngine() *engine {
	return &engine{
		images: map[string]bool{}, volumes: map[string]map[string]string{}, running: map[string]bool{},
		pgImage: "postgres (PostgreSQL) 14.19 (Debian 14.19-1)",
	}
}

// did notes a change, or fails it when it is the one to break.
func (e *engine) did(format string, args ...any) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	call := fmt.Sprintf(format, args...)
	if e.breakAt != "" && strings.Contains(call, e.breakAt) {
		e.breakAt = ""
		return fmt.Errorf("%s: broken for the test", call)
	}
	e.calls = append(e.calls, call)
	return nil
}

// project is the compose project of the site on that engine.
type project struct {
	*engine
	model release.Model
}

func (p project) Model() release.Model { return p.model }

func (p project) MissingImages(context.Context) ([]string, error) {
	var missing []string
	for _, i := range p.model.Images {
		if !i.Local && !p.images[i.Ref] {
			missing = append(missing, i.Ref)
		}
	}
	return missing, nil
}

func (p project) Pull(ctx context.Context) error {
	missing, _ := p.MissingImages(ctx)
	for _, ref := range missing {
		if err := p.did("pull %s", ref); err != nil {
			return err
		}
		p.images[ref] = true
	}
	return nil
}

func (p project) BuiltImagesPresent(context.Context) (bool, error) {
	for _, i := range p.model.Images {
		if i.Local && !p.images[i.Ref] {
			return false, nil
		}
	}
	return true, nil
}

func (p project) Build(context.Context) error {
	for _, i := range p.model.Images {
		if i.Local {
			if err := p.did("build %s", i.Ref); err != nil {
				return err
			}
			p.images[i.Ref] = true
		}
	}
	return nil
}

func (p project) MissingVolumes(context.Context) ([]string, error) {
	var missing []string
	for _, v := range p.model.Volumes {
		if v.External && p.volumes[v.EngineName] == nil {
			missing = append(missing, v.EngineName)
		}
	}
	return missing, nil
}

func (p project) EnsureVolumes(ctx context.Context) ([]string, error) {
	missing, _ := p.MissingVolumes(ctx)
	for _, v := range missing {
		if err := p.did("volume %s", v); err != nil {
			return nil, err
		}
		p.volumes[v] = map[string]string{}
	}
	return missing, nil
}

func (p project) ReadVolumeFile(_ context.Context, volume, path string) ([]byte, error) {
	if data, ok := p.volumes[volume][path]; ok {
		return []byte(data), nil
	}
	return nil, fmt.Errorf("%s in %s: %w", path, volume, fs.ErrNotExist)
}

func (p project) ReadImageFile(_ context.Context, image, path string) ([]byte, error) {
	return []byte("store of " + image + "\n"), nil
}

func (p project) RunOneOff(_ context.Context, c workload.OneOff) (workload.Result, error) {
	if c.Name == "check-postgres" {
		return workload.Result{Stdout: []byte(p.pgImage + "\n")}, nil
	}
	if c.Name == "js-sdk-look" {
		if p.sdk {
			return workload.Result{Stdout: []byte("present\n")}, nil
		}
		return workload.Result{}, nil
	}
	if err := p.did("run %s: %s", c.Service, strings.Join(c.Command, " ")); err != nil {
		return workload.Result{}, err
	}
	switch {
	case c.Service == "relay":
		return workload.Result{Stdout: []byte("updating certificates\n" + `{"secret_key":"s","public_key":"p","id":"i"}`)}, nil
	case c.Name == "js-sdk-registry":
		return workload.Result{Stdout: []byte(`{"versions":["7.0.0","7.1.0","8.0.0","latest"]}`)}, nil
	case c.Name == "js-sdk":
		p.sdk = !p.offline
		if p.offline {
			return workload.Result{ExitCode: 1}, nil
		}
	case c.Name == "first-admin":
		p.users = append(p.users, c.Command[2])
	}
	return workload.Result{}, nil
}

func (p project) Exec(_ context.Context, service string, c workload.Exec) (workload.Result, error) {
	switch {
	case slices.Contains(c.Command, "--list"):
		return workload.Result{Stdout: []byte(strings.Join(p.topics, "\n"))}, nil
	case c.Command[0] == "psql":
		return workload.Result{Stdout: fmt.Appendf(nil, "%d\n", len(p.users))}, nil
	}
	if i := slices.Index(c.Command, "--topic"); i > 0 {
		p.topics = append(p.topics, c.Command[i+1])
	}
	return workload.Result{}, p.did("exec %s: %s", service, strings.Join(c.Command, " "))
}

func (p project) RunHelper(_ context.Context, h workload.Helper) ([]byte, error) {
	return nil, p.did("helper %s", strings.Join(h.Args, " "))
}

func (p project) names(services []string) []string {
	if len(services) > 0 {
		return services
	}
	var all []string
	for _, s := range p.model.Services {
		all = append(all, s.Name)
	}
	return all
}

func (p project) Start(_ context.Context, services ...string) error {
	if err := p.did("start %s", strings.Join(services, " ")); err != nil {
		return err
	}
	for _, s := range p.names(services) {
		p.running[s] = true
	}
	return nil
}

func (p project) Stop(context.Context, ...string) error {
	clear(p.running)
	return p.did("stop")
}

func (p project) Status(context.Context) ([]workload.Status, error) {
	var all []workload.Status
	for _, s := range p.model.Services {
		st := workload.Status{Service: s.Name, State: "absent"}
		if p.running[s.Name] {
			st.State = "running"
		}
		all = append(all, st)
	}
	return all, nil
}

func (p project) Settled(_ context.Context, services ...string) (bool, error) {
	return !slices.ContainsFunc(p.names(services), func(s string) bool { return !p.running[s] }), nil
}

// door answers when the whole project runs.
type door struct{ project }

func (d door) Answers(ctx context.Context) error {
	if up, _ := d.Settled(ctx); !up {
		return fmt.Errorf("not everything runs")
	}
	return nil
}

func (d door) Prove(ctx context.Context) error { return d.Answers(ctx) }
