package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sentryctl/sentryctl/internal/apply"
	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/geoip"
	"github.com/sentryctl/sentryctl/internal/health"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/stack"
	"github.com/sentryctl/sentryctl/internal/ui/redact"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// applyEngine is the Engine with the project as it is going to be.
type applyEngine struct {
	engine *stack.Engine
	staged *stack.Stack
}

func (e *applyEngine) close() { e.engine.Close() }

func (e *applyEngine) instances(ctx context.Context) ([]workload.Instance, error) {
	return e.staged.Instances(ctx)
}

// connect reaches the Engine and reads the project with the variables that
// the site is going to have.
func (p *applyPlan) connect(ctx context.Context) (*applyEngine, error) {
	project, err := p.stagedProject(ctx)
	if err != nil {
		return nil, err
	}
	engine, err := stack.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &applyEngine{engine: engine, staged: engine.Stack(project, event.Discard{})}, nil
}

func (p *applyPlan) stagedProject(ctx context.Context) (*stack.Project, error) {
	i := slices.IndexFunc(p.files, func(f config.File) bool { return f.Path == customEnv })
	if i < 0 {
		return stack.Load(ctx, stack.LoadOptions{Dir: p.site.Dir})
	}
	scratch, err := os.MkdirTemp("", "sentryctl-apply-")
	if err != nil {
		return nil, fmt.Errorf("make a scratch directory: %w", err)
	}
	defer os.RemoveAll(scratch)
	custom := filepath.Join(scratch, customEnv)
	if err := site.WriteFile(custom, p.files[i].Data, p.files[i].Mode); err != nil {
		return nil, err
	}
	return stack.Load(ctx, stack.LoadOptions{Dir: p.site.Dir, EnvFiles: []string{".env", custom}})
}

// applyForecast is what an apply is going to do with services.
type applyForecast struct {
	touched []workload.Touch
	stopped bool // nothing runs
}

func (p *applyPlan) forecast(ctx context.Context) (applyForecast, error) {
	running, err := p.engine.instances(ctx)
	if err != nil {
		return applyForecast{}, err
	}
	f := applyForecast{stopped: !slices.ContainsFunc(running, func(i workload.Instance) bool { return i.Running })}
	var paths []string
	for _, c := range p.changes {
		paths = append(paths, p.site.Path(filepath.FromSlash(c.Path)))
	}
	f.touched, err = p.engine.staged.Touched(ctx, paths)
	return f, err
}

// text names the services, those with the same fate on one line.
func (f applyForecast) text() string {
	if f.stopped {
		return "The site is stopped: only files are written.\n"
	}
	var b strings.Builder
	for _, how := range []workload.How{workload.Create, workload.Recreate, workload.Restart, workload.StartIt} {
		var names []string
		for _, t := range f.touched {
			if t.How == how {
				names = append(names, t.Service)
			}
		}
		if len(names) > 0 {
			fmt.Fprintf(&b, "%-9s %s\n", how, nameSome(names))
		}
	}
	if b.Len() == 0 {
		return "No service is touched.\n"
	}
	return b.String()
}

// nameSome names services, and counts them when they are many.
func nameSome(names []string) string {
	const most = 8
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%d services: %s, …", len(names), strings.Join(names[:most], ", "))
}

// environment wires the steps to the Engine and the screen.
func (p *applyPlan) environment(sink *redact.Sink) *apply.Env {
	files := make([]apply.File, 0, len(p.files))
	for _, f := range p.files {
		files = append(files, apply.File{Path: f.Path, Mode: f.Mode, Data: f.Data})
	}
	return &apply.Env{
		Site: p.site, Files: files, Stopped: p.services.stopped, GeoIP: p.geoIP(), Sink: sink,
		Open: func(ctx context.Context) (apply.Stack, apply.FrontDoor, error) {
			project, err := stack.Load(ctx, stack.LoadOptions{Dir: p.site.Dir})
			if err != nil {
				return nil, nil, err
			}
			door := installPlan{model: project.Model(), answers: p.answers}
			return p.engine.engine.Stack(project, sink), health.FrontDoor{Address: door.door(), URL: door.publicURL()}, nil
		},
	}
}

// door is the site's, where it is now and where the answers want it.
func (p *applyPlan) door(ctx context.Context) health.Watch {
	moves := slices.ContainsFunc(p.changes, func(c config.Change) bool { return c.Path == customEnv })
	return runDoor(ctx, p.site, installPlan{model: p.engine.staged.Model(), answers: p.answers}, moves)
}

// geoIP brings the location database up to date, nil without an account.
func (p *applyPlan) geoIP() func(context.Context) error {
	if g := p.answers.GeoIP; g.Account == "" || g.License.IsZero() {
		return nil
	}
	return func(ctx context.Context) error {
		return geoip.Updater{}.Update(ctx, p.site.Path("geoip", "GeoIP.conf"), p.site.Path("geoip"))
	}
}

// restarted names the services whose containers are others, or were started
// anew, between two looks.
func restarted(before, after []workload.Instance) []workload.Touch {
	var out []workload.Touch
	for _, now := range after {
		i := slices.IndexFunc(before, func(was workload.Instance) bool { return was.ID == now.ID })
		switch {
		case i < 0 && slices.ContainsFunc(before, func(was workload.Instance) bool { return was.Service == now.Service }):
			out = append(out, workload.Touch{Service: now.Service, How: workload.Recreate})
		case i < 0:
			out = append(out, workload.Touch{Service: now.Service, How: workload.Create})
		case !before[i].Started.Equal(now.Started):
			out = append(out, workload.Touch{Service: now.Service, How: workload.Restart})
		}
	}
	return out
}
