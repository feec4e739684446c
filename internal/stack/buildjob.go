package stack

import (
	"bufio"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/compose/v5/pkg/api"

	"github.com/sentryctl/sentryctl/internal/fault"
)

// buildJob is one image to build. Services that share an image share the job.
type buildJob struct {
	ref        string
	context    string
	dockerfile string // absolute
	build      *types.BuildConfig
	args       map[string]string
	platform   string
	bases      []string // images that its Dockerfile starts from
}

// buildJobs lists the images to build, each after those it starts from. A job
// whose context is not there is an error.
func buildJobs(p *types.Project) ([]buildJob, error) {
	byRef := map[string]buildJob{}
	for _, name := range p.ServiceNames() {
		service := p.Services[name]
		if service.Build == nil {
			continue
		}
		ref := api.GetImageNameOrDefault(service, p.Name)
		if _, known := byRef[ref]; known {
			continue
		}
		job, err := newBuildJob(p, service, ref)
		if err != nil {
			return nil, fmt.Errorf("build of %s: %w", name, err)
		}
		byRef[ref] = job
	}
	return inOrder(byRef)
}

func newBuildJob(p *types.Project, service types.ServiceConfig, ref string) (buildJob, error) {
	b := service.Build
	if len(b.AdditionalContexts)+len(b.Secrets)+len(b.SSH) > 0 || len(b.Platforms) > 1 {
		return buildJob{}, fault.New(fault.Resumable, "Build it by hand: docker compose -p "+p.Name+" build "+service.Name,
			"it asks for additional contexts, secrets, SSH or several platforms, which need BuildKit")
	}
	job := buildJob{ref: ref, context: b.Context, build: b, args: map[string]string{}, platform: service.Platform}
	for name, value := range b.Args {
		if value == nil {
			if v, ok := p.Environment[name]; ok {
				value = &v
			}
		}
		if value != nil {
			job.args[name] = *value
		}
	}
	text := b.DockerfileInline
	if text == "" {
		job.dockerfile = filepath.Join(b.Context, "Dockerfile")
		if b.Dockerfile != "" {
			job.dockerfile = b.Dockerfile
		}
		if !filepath.IsAbs(job.dockerfile) {
			job.dockerfile = filepath.Join(b.Context, job.dockerfile)
		}
		data, err := os.ReadFile(job.dockerfile)
		if err != nil {
			return buildJob{}, fault.New(fault.Resumable, "Take the whole release archive: the directory "+b.Context+" belongs to it", "read Dockerfile: %w", err)
		}
		text = string(data)
	}
	job.bases = baseImages(text, job.args)
	return job, nil
}

// baseImages lists the images that a Dockerfile starts from: no scratch, no
// stage of its own. Arguments before the first FROM are filled in.
func baseImages(dockerfile string, given map[string]string) []string {
	args, stages := map[string]string{}, []string{"scratch"}
	var bases []string
	lines := bufio.NewScanner(strings.NewReader(dockerfile))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) < 2 {
			continue
		}
		switch strings.ToUpper(words[0]) {
		case "ARG":
			if len(stages) == 1 && len(bases) == 0 {
				name, value, _ := strings.Cut(words[1], "=")
				args[name] = fill(strings.Trim(value, `"'`), args)
				if v, ok := given[name]; ok {
					args[name] = v
				}
			}
		case "FROM":
			words = slices.DeleteFunc(words[1:], func(w string) bool { return strings.HasPrefix(w, "--") })
			if len(words) == 0 {
				continue
			}
			base := fill(words[0], args)
			if base != "" && !slices.Contains(stages, base) && !slices.Contains(bases, base) {
				bases = append(bases, base)
			}
			if len(words) == 3 {
				stages = append(stages, words[2])
			}
		}
	}
	return bases
}

// fill puts arguments into a reference: $A, ${A}, ${A:-default}.
func fill(text string, args map[string]string) string {
	return os.Expand(text, func(name string) string {
		name, fallback, _ := strings.Cut(name, ":-")
		if v := args[name]; v != "" {
			return v
		}
		return fallback
	})
}

// inOrder sorts jobs so that each comes after those it starts from.
func inOrder(byRef map[string]buildJob) ([]buildJob, error) {
	names := map[string]string{}
	for ref := range byRef {
		names[familiar(ref)] = ref
	}
	var list []buildJob
	left := maps.Clone(byRef)
	for len(left) > 0 {
		before := len(left)
		for _, ref := range sortedKeys(left) {
			waits := slices.ContainsFunc(left[ref].bases, func(base string) bool {
				_, open := left[names[familiar(base)]]
				return open
			})
			if !waits {
				list = append(list, left[ref])
				delete(left, ref)
			}
		}
		if len(left) == before {
			return nil, fmt.Errorf("the images %s are built from each other in a circle", strings.Join(sortedKeys(left), ", "))
		}
	}
	return list, nil
}
