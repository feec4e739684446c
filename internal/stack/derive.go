package stack

import (
	"context"
	"io"
	"slices"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/cli/cli/command"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/docker/compose/v5/pkg/compose"
	"github.com/moby/moby/client"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// closure gives the named services and all that they depend on; no names mean
// all services.
func closure(p *types.Project, names []string) (map[string]bool, error) {
	set := map[string]bool{}
	if len(names) == 0 {
		names = p.ServiceNames()
	}
	todo := slices.Clone(names)
	for len(todo) > 0 {
		name := todo[0]
		todo = todo[1:]
		if set[name] {
			continue
		}
		s, ok := p.Services[name]
		if !ok {
			return nil, unknownService(p, name)
		}
		set[name] = true
		for dep, d := range s.DependsOn {
			if _, ok := p.Services[dep]; ok || d.Required {
				todo = append(todo, dep)
			}
		}
	}
	return set, nil
}

func unknownService(p *types.Project, name string) error {
	return fault.New(fault.Other, "List the services: docker compose -p "+p.Name+" config --services",
		"the project has no service %s, or its profile is not enabled", name)
}

// only gives a copy of the project with just these services, and just the
// networks and volumes that they use.
func only(p *types.Project, keep map[string]bool) *types.Project {
	c := p.WithServicesDisabled() // a deep copy
	if c.DisabledServices == nil {
		c.DisabledServices = types.Services{}
	}
	for name, s := range c.Services {
		if !keep[name] {
			c.DisabledServices[name] = s
			delete(c.Services, name)
			continue
		}
		// What is missing was brought before; Compose must not go and get it
		// in the middle of a start.
		s.PullPolicy = types.PullPolicyNever
		c.Services[name] = s
	}
	return c.WithoutUnnecessaryResources()
}

// oneOffProject derives a project of one service from which Compose makes the
// container of a one-off command. The service gets a name of its own there:
// under its real one Compose would take the running container for an outdated
// version of this one and replace it.
func oneOffProject(p *types.Project, o workload.OneOff, name string) (*types.Project, error) {
	if _, ok := p.Services[o.Service]; !ok {
		return nil, unknownService(p, o.Service)
	}
	c := only(p, map[string]bool{o.Service: true})
	s := c.Services[o.Service]
	delete(c.Services, o.Service)
	c.DisabledServices = types.Services{}
	s.Image = api.GetImageNameOrDefault(s, p.Name)
	s.Name, s.ContainerName = name, name
	s.Build, s.Ports, s.DependsOn, s.Profiles, s.Deploy, s.Scale = nil, nil, nil, nil, nil, nil
	s.PreStart, s.PostStart, s.PreStop = nil, nil, nil
	s.Restart, s.Tty, s.StdinOpen = "", false, len(o.Stdin) > 0
	s.HealthCheck = &types.HealthCheckConfig{Disable: true}
	if o.Entrypoint != nil {
		// Another entrypoint does not take the service's command, as with
		// docker compose run.
		s.Entrypoint, s.Command = o.Entrypoint, types.ShellCommand{}
	}
	if o.Command != nil {
		s.Command = o.Command
	}
	if o.User != "" {
		s.User = o.User
	}
	if s.Environment == nil {
		s.Environment = types.MappingWithEquals{}
	}
	for k, v := range o.Env {
		s.Environment[k] = &v
	}
	s.CustomLabels = s.CustomLabels.Add(api.OneoffLabel, "True")
	c.Services[name] = s
	return c, nil
}

// recorder notes the container that Compose makes, and lets a one-off's stdin
// end when ours does, which Compose's own create does not ask for.
type recorder struct {
	client.APIClient
	id string
}

func (r *recorder) ContainerCreate(ctx context.Context, o client.ContainerCreateOptions) (client.ContainerCreateResult, error) {
	if o.Config != nil && o.Config.OpenStdin {
		o.Config.StdinOnce, o.Config.AttachStdin = true, true
	}
	res, err := r.APIClient.ContainerCreate(ctx, o)
	if err == nil {
		r.id = res.ID
	}
	return res, err
}

// cliWith is the Docker CLI with another client.
type cliWith struct {
	command.Cli
	api client.APIClient
}

func (c cliWith) Client() client.APIClient { return c.api }

// createOneOff has Compose make the one container of p and returns its ID. A
// container that was made before an error is removed.
func (e *Engine) createOneOff(ctx context.Context, p *types.Project) (string, error) {
	rec := &recorder{APIClient: e.api}
	composer, err := compose.NewComposeService(cliWith{e.cli, rec}, quietly(io.Discard)...)
	if err != nil {
		return "", err
	}
	err = composer.Create(ctx, p, api.CreateOptions{IgnoreOrphans: true, Recreate: api.RecreateNever, RecreateDependencies: api.RecreateNever})
	if err != nil {
		if rec.id != "" {
			_ = e.remove(ctx, rec.id) // the first error tells
		}
		return "", startFault(err)
	}
	return rec.id, nil
}
