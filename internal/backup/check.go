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
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/step"
	"github.com/sentryctl/sentryctl/internal/workload"
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
			text := "the site is not whole: " + strings.Join(problems, "; ")
			if e.Force {
				e.flaws = []string{text + "; a restore brings it back like that"}
				e.Sink.Emit(event.Notice{Level: "warn", Text: e.flaws[0]})
				return nil
			}
			hint := "Mend it, or take it as it is with --force"
			if half, err := e.halfDone(); err == nil && half != "" {
				hint = "Finish it first: sentryctl resume --site " + e.Site.Dir + ", or take it as it is with --force"
			}
			return fault.New(fault.PreflightBlocked, hint, "%s", text)
		},
	}
}

// problems lists what is wrong, and fills in what the later steps need.
func (e *Env) problems(ctx context.Context) ([]string, error) {
	var found []string
	if half, err := e.halfDone(); err != nil {
		return nil, err
	} else if half != "" {
		found = append(found, half)
	}
	volumes, err := Classify(e.Stack.Model(), e.Choice)
	if err != nil {
		return nil, err
	}
	lost, err := e.leaveOutMissing(ctx, volumes)
	if err != nil {
		return nil, err
	}
	found = append(found, lost...)
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
		if st.State == "running" && !slices.Contains(e.running, st.Service) {
			e.running = append(e.running, st.Service)
		}
	}
	found = append(found, e.notWell(list)...)
	if found, err = e.strangeVolumes(ctx, found); err == nil {
		e.askVersions(ctx)
	}
	return found, err
}

// halfDone says what an admin has to finish, "" for nothing.
func (e *Env) halfDone() (string, error) {
	note, under, err := ReadRestoring(e.Site)
	switch {
	case err != nil:
		return "", err
	case under:
		return fmt.Sprintf("a restore of backup %s did not come to its end, so some data may be that backup's, other as it was before", note.Set), nil
	case e.HalfDone != "":
		return e.HalfDone, nil
	case e.Record.State != site.Installed:
		return fmt.Sprintf("its installation is %q, so what it had still to make is not there", e.Record.State), nil
	}
	return "", nil
}

// leaveOutMissing leaves out what the Engine does not have. Of that, it names
// volumes that were lost: external ones, which Compose never makes, and those of
// stores. Any other may belong to a service that has not run yet.
func (e *Env) leaveOutMissing(ctx context.Context, volumes []Volume) (lost []string, err error) {
	for i, v := range volumes {
		if !v.Taken() {
			continue
		}
		have, err := e.Stack.VolumeExists(ctx, v.EngineName)
		if err != nil {
			return nil, err
		}
		if have {
			continue
		}
		volumes[i].Reason = "the Engine has no such volume"
		if v.External || e.storedIn(v.Name) {
			lost = append(lost, "volume "+v.EngineName+" is gone")
		}
	}
	return lost, nil
}

// storedIn tells whether a store mounts a volume.
func (e *Env) storedIn(name string) bool {
	return slices.ContainsFunc(e.Stack.Model().Volumes, func(v release.Volume) bool {
		return v.Name == name && slices.ContainsFunc(v.MountedBy, func(use string) bool {
			service, _, _ := strings.Cut(use, ":")
			return e.keeps(service)
		})
	})
}

// notWell names services that end again and again, and stores that have failed
// while others run: what they keep may be broken. Any other service that stands
// still is named to the admin, who may have stopped it; its data is whole.
func (e *Env) notWell(list []workload.Status) (found []string) {
	var still []string
	for _, st := range list {
		switch {
		case st.State == "restarting", st.State == "dead":
			found = append(found, "service "+st.Service+" is "+st.State)
		case st.State != "exited" || st.Completed || e.Halted || len(e.running) == 0 || slices.Contains(e.running, st.Service):
		case e.keeps(st.Service) && st.ExitCode != 0:
			found = append(found, fmt.Sprintf("service %s has failed with exit code %d while others run", st.Service, st.ExitCode))
		default:
			still = append(still, st.Service)
		}
	}
	if len(still) > 0 {
		e.Sink.Emit(event.Notice{Level: "warn", Text: "does not run, and is backed up all the same: " + strings.Join(still, ", ")})
	}
	return found
}

// stores are services that keep what others write.
var stores = []string{"postgres", "clickhouse", "redis", "seaweedfs"}

func (e *Env) keeps(service string) bool { return slices.Contains(stores, service) }

// sign is a file by which data is known: without it the volume holds something
// else, or nothing. Stores that may be empty have none.
type sign struct {
	service, path, file string
	engine              string // the file holds the version of this engine's data
	running             bool   // it is there only while the service runs
}

var signs = []sign{
	{"postgres", pgData, "PG_VERSION", "postgres", false},
	{"postgres", pgData, "global/pg_control", "", false},
	{"clickhouse", chData, "status", "", true},
}

// strangeVolumes adds volumes that do not look like what they are.
func (e *Env) strangeVolumes(ctx context.Context, found []string) ([]string, error) {
	e.manifest.Engines = map[string]string{}
	for _, sg := range signs {
		name := e.volumeAt(sg.service, sg.path)
		if name == "" || !e.takes(name) || sg.running && !slices.Contains(e.running, sg.service) {
			continue
		}
		data, err := e.Stack.ReadVolumeFile(ctx, name, sg.file)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			found = append(found, fmt.Sprintf("volume %s has no %s, so it holds no data of %s", name, sg.file, sg.service))
		case err != nil:
			return nil, err
		case len(data) == 0:
			found = append(found, fmt.Sprintf("in volume %s, %s is empty", name, sg.file))
		case sg.engine != "":
			e.manifest.Engines[sg.engine] = strings.TrimSpace(string(data))
		}
	}
	return found, nil
}

// askVersions records what those say that run and tell it nowhere in their data.
// What does not answer is left out.
func (e *Env) askVersions(ctx context.Context) {
	for service, command := range map[string][]string{"clickhouse": inClickHouse("SELECT version()"), "redis": {"redis-server", "--version"}} {
		if !slices.Contains(e.running, service) {
			continue
		}
		said, err := ask(ctx, e.Stack, service, command...)
		if err != nil {
			continue
		}
		if _, rest, found := strings.Cut(said, " v="); found { // Redis server v=7.2.4 sha=…
			said, _, _ = strings.Cut(rest, " ")
		}
		e.manifest.Engines[service] = said
	}
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
