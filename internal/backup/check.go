package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/step"
)

// Step is a step of a backup.
type Step = step.Step[*Env]

// Steps lists the steps in the order in which they run.
func Steps() []Step {
	return []Step{checkSite(), captureVolumes(), proveFrontDoor(), writeManifest()}
}

// checkSite refuses to back up what is broken: a backup of it would push a
// good one out, and say that all is well.
func checkSite() Step {
	return Step{
		ID: "check-site", Title: "See that the site is whole", Idempotent: true, Always: true,
		Run: func(ctx context.Context, e *Env) error {
			problems, err := e.problems(ctx)
			if err != nil {
				return err
			}
			if len(problems) == 0 {
				return nil
			}
			text := strings.Join(problems, "; ")
			if e.Force {
				e.Sink.Emit(event.Notice{Level: "warn", Text: "the site is not whole: " + text})
				return nil
			}
			return fault.New(fault.PreflightBlocked, "Mend it, or take it as it is with --force", "the site is not whole: %s", text)
		},
	}
}

// problems lists what is wrong, and fills in what the later steps need.
func (e *Env) problems(ctx context.Context) ([]string, error) {
	var found []string
	if e.Record.State != site.Installed {
		found = append(found, fmt.Sprintf("its installation is %q", e.Record.State))
	}
	if note, under, err := ReadRestoring(e.Site); err != nil {
		return nil, err
	} else if under {
		found = append(found, fmt.Sprintf("a restore of backup %s did not come to its end", note.Set))
	}
	volumes, err := Classify(e.Stack.Model(), e.Choice)
	if err != nil {
		return nil, err
	}
	e.manifest.Omitted, e.manifest.Volumes = nil, nil
	for _, v := range volumes {
		if !v.Taken() {
			e.manifest.Omitted = append(e.manifest.Omitted, v)
			continue
		}
		e.manifest.Volumes = append(e.manifest.Volumes, SavedVolume{Volume: v})
	}
	list, err := e.Stack.Status(ctx)
	if err != nil {
		return nil, err
	}
	e.running = nil
	for _, st := range list {
		switch {
		case st.State == "running" && !slices.Contains(e.running, st.Service):
			e.running = append(e.running, st.Service)
		case st.State == "restarting", st.State == "dead":
			found = append(found, "service "+st.Service+" is "+st.State)
		}
	}
	return e.strangeVolumes(ctx, found)
}

// sign is a file that a volume of a kind has.
type sign struct {
	service, path, file string
	engine              string // the file holds the version of this engine's data
}

var signs = []sign{
	{"postgres", "/var/lib/postgresql/data", "PG_VERSION", "postgres"},
}

// strangeVolumes adds volumes that do not look like what they are.
func (e *Env) strangeVolumes(ctx context.Context, found []string) ([]string, error) {
	e.manifest.Engines = map[string]string{}
	for _, sg := range signs {
		name := e.volumeAt(sg.service, sg.path)
		if name == "" {
			continue
		}
		data, err := e.Stack.ReadVolumeFile(ctx, name, sg.file)
		switch {
		case errors.Is(err, fs.ErrNotExist) && sg.engine != "":
			found = append(found, fmt.Sprintf("volume %s has no %s, so it holds no data of %s", name, sg.file, sg.service))
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, err
		case sg.engine != "":
			e.manifest.Engines[sg.engine] = strings.TrimSpace(string(data))
		}
	}
	return found, nil
}

// volumeAt gives the Engine's name of the volume that a service mounts at a
// path, or "".
func (e *Env) volumeAt(service, path string) string {
	for _, v := range e.Stack.Model().Volumes {
		if slices.Contains(v.MountedBy, service+":"+path) {
			return v.EngineName
		}
	}
	return ""
}

func proveFrontDoor() Step {
	return Step{
		ID: "prove-front-door", Title: "See that the front door answers", Idempotent: true, Always: true,
		Skip: func(_ context.Context, e *Env) (string, error) {
			if len(e.running) == 0 {
				return "the site did not run", nil
			}
			return "", nil
		},
		Run: func(ctx context.Context, e *Env) error { return e.FrontDoor.Prove(ctx) },
	}
}
