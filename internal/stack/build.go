package stack

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/containerd/errdefs"
	"github.com/docker/cli/cli/config/configfile"
	"github.com/moby/moby/api/types/build"
	"github.com/moby/moby/api/types/jsonstream"
	"github.com/moby/moby/api/types/registry"
	"github.com/moby/moby/client"
	"golang.org/x/sync/errgroup"

	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
)

const (
	inputsLabel = "io.sentryctl.build-inputs"
	buildWidth  = 3
)

// BuiltImagesPresent tells whether every image that is built from the tree is
// on the Engine and was built from just these inputs.
func (s *Stack) BuiltImagesPresent(ctx context.Context) (bool, error) {
	jobs, err := buildJobs(s.model())
	if err != nil {
		return false, err
	}
	for _, job := range jobs {
		_, current, err := s.builtFrom(ctx, job)
		if err != nil || !current {
			return false, err
		}
	}
	return true, nil
}

// builtFrom gives the digest of the job's inputs, and whether the Engine has
// an image of it that was built from them.
func (s *Stack) builtFrom(ctx context.Context, job buildJob) (inputs string, current bool, err error) {
	bases, err := s.engine.imageIDs(ctx, job.bases)
	if err != nil {
		return "", false, fmt.Errorf("look for the bases of %s: %w", job.ref, err)
	}
	inputs, err = job.inputs(ctx, bases)
	if err != nil {
		return "", false, fmt.Errorf("build of %s: %w", job.ref, err)
	}
	image, err := s.api.ImageInspect(ctx, job.ref)
	if errdefs.IsNotFound(err) {
		return inputs, false, nil
	}
	if err != nil {
		return "", false, gone(fmt.Errorf("look for image %s: %w", job.ref, err))
	}
	return inputs, image.Config != nil && image.Config.Labels[inputsLabel] == inputs, nil
}

// Build builds the images of the tree that are absent or outdated, several at
// once, each after those it starts from. Output is told as Log events. The
// classic builder is used: it is part of every Engine.
func (s *Stack) Build(ctx context.Context) error {
	jobs, err := buildJobs(s.model())
	if err != nil {
		return err
	}
	built := map[string]chan struct{}{}
	for _, job := range jobs {
		built[familiar(job.ref)] = make(chan struct{})
	}
	group, ctx := errgroup.WithContext(ctx)
	places := newGate(buildWidth)
	progress := &counter{unit: "images", total: len(jobs), sink: s.sink}
	for _, job := range jobs {
		group.Go(func() error {
			for _, base := range job.bases {
				if err := passed(ctx, built[familiar(base)]); err != nil {
					return err
				}
			}
			if err := places.enter(ctx, 0); err != nil {
				return err
			}
			defer places.leave()
			if err := s.buildOne(ctx, job); err != nil {
				return err
			}
			close(built[familiar(job.ref)])
			progress.add(job.ref)
			return nil
		})
	}
	return group.Wait()
}

// passed waits for c to be closed; nil counts as closed.
func passed(ctx context.Context, c <-chan struct{}) error {
	if c == nil {
		return nil
	}
	select {
	case <-c:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Stack) buildOne(ctx context.Context, job buildJob) error {
	// The digest is of the bases that the builder will find.
	if err := s.pullBases(ctx, job); err != nil {
		return err
	}
	inputs, current, err := s.builtFrom(ctx, job)
	if err != nil || current {
		return err
	}
	content, dockerfile, err := job.contextTar()
	if err != nil {
		return fmt.Errorf("build %s: %w", job.ref, err)
	}
	defer content.Close()
	res, err := s.api.ImageBuild(ctx, content, buildOptions(job, dockerfile, inputs, s.engine.cli.ConfigFile()))
	if err != nil {
		return startFault(fmt.Errorf("build %s: %w", job.ref, err))
	}
	defer res.Body.Close()
	lines := &logLines{source: job.ref, sink: s.sink}
	err = messages(ctx, s.engine, res.Body, func(m jsonstream.Message) { _, _ = lines.Write([]byte(m.Stream)) })
	lines.flush()
	if err == nil || ctx.Err() != nil || fault.CodeOf(err) == fault.NoEngine {
		return err
	}
	hint := "Look at the output above, correct " + job.context + " and run the same command again"
	if full(err) {
		hint = roomHint
	}
	return fault.New(fault.Resumable, hint, "build %s: %w", job.ref, err)
}

// pullBases pulls what is missing: with our retries, and with the error of a
// pull.
func (s *Stack) pullBases(ctx context.Context, job buildJob) error {
	have, err := s.engine.imageIDs(ctx, job.bases)
	if err != nil {
		return fmt.Errorf("look for the bases of %s: %w", job.ref, err)
	}
	missing := slices.DeleteFunc(slices.Clone(job.bases), func(base string) bool { return have[base] != "" })
	failures := make([]error, len(missing))
	for i, base := range missing {
		failures[i] = s.pullOne(ctx, base, job.platform)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return pullFault(missing, failures)
}

func buildOptions(job buildJob, dockerfile, inputs string, conf *configfile.ConfigFile) client.ImageBuildOptions {
	o := client.ImageBuildOptions{
		Version: build.BuilderV1, Tags: append([]string{job.ref}, job.build.Tags...), Dockerfile: dockerfile, Target: job.build.Target,
		Remove: true, ForceRemove: true, NoCache: job.build.NoCache, NetworkMode: job.build.Network,
		ExtraHosts: job.build.ExtraHosts.AsList(":"), CacheFrom: job.build.CacheFrom, ShmSize: int64(job.build.ShmSize),
		BuildArgs: map[string]*string{}, AuthConfigs: credentials(conf),
		Labels: map[string]string{inputsLabel: inputs},
	}
	for name, value := range job.build.Labels {
		o.Labels[name] = value
	}
	// The client's proxies are no input: they change how, not what is built.
	for name, value := range conf.ParseProxyConfig("", nil) {
		o.BuildArgs[name] = value
	}
	for name, value := range job.args {
		o.BuildArgs[name] = &value
	}
	return o
}

// credentials gives the builder what it needs for private bases. A store that
// cannot be read gives none: most bases are public or present.
func credentials(conf *configfile.ConfigFile) map[string]registry.AuthConfig {
	all, err := conf.GetAllCredentials()
	if err != nil {
		return nil
	}
	configs := make(map[string]registry.AuthConfig, len(all))
	for host, c := range all {
		configs[host] = registry.AuthConfig{
			Username: c.Username, Password: c.Password, ServerAddress: c.ServerAddress,
			Auth: c.Auth, IdentityToken: c.IdentityToken, RegistryToken: c.RegistryToken,
		}
	}
	return configs
}

// counter tells how many of a number of things are done.
type counter struct {
	unit  string
	total int
	sink  event.Sink

	mu   sync.Mutex
	done int
}

func (c *counter) add(item string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done++
	c.sink.Emit(event.Progress{Item: item, Unit: c.unit, Done: int64(c.done), Total: int64(c.total)})
}
