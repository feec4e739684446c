package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/config/merge"
	"github.com/sentryctl/sentryctl/internal/config/tune"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/stack"
)

type tuneOptions struct {
	site         string
	apply, yes   bool
	cpus, memory int
}

func newTuneCmd(a *app) *cobra.Command {
	var o tuneOptions
	cmd := &cobra.Command{
		Use:   "tune",
		Short: "Propose processes and memory that fit this machine",
		Long: `Propose processes and memory that fit this machine: from its CPUs and memory,
the profile and the release, with the reason for each line. Nothing is changed.

--apply takes the options into the answers and applies them. The lines for
docker-compose.override.yml are only printed: that file is yours.`,
		Example: `  sentryctl tune
  sentryctl tune --cpus 8 --memory 32
  sentryctl tune --apply`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runTune(cmd.Context(), o) },
	}
	siteFlag(cmd, &o.site)
	f := cmd.Flags()
	f.BoolVar(&o.apply, "apply", false, "set the options and apply them")
	f.BoolVar(&o.yes, "yes", false, "do not ask")
	f.IntVar(&o.cpus, "cpus", 0, "CPUs to plan for (default: what the Engine has)")
	f.IntVar(&o.memory, "memory", 0, "memory to plan for, in `GiB` (default: what the Engine has)")
	return cmd
}

func (a *app) runTune(ctx context.Context, o tuneOptions) error {
	if o.cpus < 0 || o.memory < 0 {
		return fault.New(fault.Usage, "Give numbers above 0", "--cpus and --memory are amounts")
	}
	c, err := openConfig(o.site)
	if err != nil {
		return err
	}
	in, err := c.tuneInput(ctx, o)
	if err != nil {
		return err
	}
	p := tune.Propose(in)
	if a.jsonOut() {
		err = a.writeJSON(struct {
			Type      string `json:"type"`
			CPUs      int    `json:"cpus"`
			MemoryMiB int64  `json:"memory_mib"`
			tune.Proposal
		}{"proposal", in.CPUs, in.MemoryMiB, p})
	} else {
		err = writeProposal(a.stdout, in, p, siteArg(o.site))
	}
	if err != nil || !o.apply {
		return err
	}
	return a.applyProposal(ctx, c, o, p)
}

// tuneInput looks at the machine and the site.
func (c *siteConfig) tuneInput(ctx context.Context, o tuneOptions) (tune.Input, error) {
	in := tune.Input{
		CPUs: o.cpus, MemoryMiB: int64(o.memory) << 10, Version: c.record.Version,
		Commands: map[string][]string{}, Limited: map[string]bool{}, Env: map[string]string{}, Now: map[string]string{},
	}
	if o.cpus == 0 || o.memory == 0 {
		if err := askEngine(ctx, &in); err != nil {
			return in, err
		}
	}
	project, err := stack.Load(ctx, stack.LoadOptions{Dir: c.site.Dir})
	if err != nil {
		return in, err
	}
	in.Services, in.Profile = project.Services(), project.Getenv("COMPOSE_PROFILES")
	for _, name := range in.Services {
		in.Commands[name], in.Limited[name] = project.Command(name), project.Limited(name)
	}
	for _, v := range [][2]string{{"clickhouse", "MAX_MEMORY_USAGE_RATIO"}, {"kafka", "KAFKA_LOG_RETENTION_HOURS"}} {
		in.Env[v[0]+" "+v[1]] = project.Variable(v[0], v[1])
	}
	settings, err := config.Survey(c.record.Version, c.answers, c.pristine(), c.disk())
	if err != nil {
		return in, err
	}
	for _, s := range settings {
		if !s.Secret {
			in.Now[s.Key] = s.Text(false)
		}
	}
	return in, nil
}

// askEngine fills in what was not given. Disk is known only where the Engine
// is this machine's.
func askEngine(ctx context.Context, in *tune.Input) error {
	engine, err := stack.Connect(ctx)
	if err != nil {
		return err
	}
	defer engine.Close()
	info, err := engine.Info(ctx)
	if err != nil {
		return err
	}
	if in.CPUs == 0 {
		in.CPUs = info.NCPU
	}
	if in.MemoryMiB == 0 {
		in.MemoryMiB = info.MemTotal >> 20
	}
	var fs unix.Statfs_t
	if info.Local && unix.Statfs(info.RootDir, &fs) == nil {
		in.DiskGiB = int64(fs.Bavail) * int64(fs.Bsize) >> 30
	}
	return nil
}

// applyProposal takes the options into the answers, then applies those.
func (a *app) applyProposal(ctx context.Context, c *siteConfig, o tuneOptions, p tune.Proposal) error {
	if len(p.Options) == 0 {
		return nil
	}
	var settings []string
	for _, option := range p.Options {
		settings = append(settings, option.Key+"="+option.Value)
	}
	answers, _, err := config.Set(c.answers, settings)
	if err != nil {
		return err
	}
	if err := config.Refuse(config.Validate(answers, c.record.Version), "check answers"); err != nil {
		return err
	}
	if !o.yes {
		yes, err := a.confirm(ctx, fmt.Sprintf("Set %s?", count(len(settings), "option")), true)
		if err != nil {
			return err
		}
		if !yes {
			return fault.New(fault.Cancelled, "Run the same command again when you are ready; nothing was changed", "not tuned")
		}
	}
	if err := c.save(answers, "sentryctl tune"); err != nil {
		return err
	}
	return a.runConfigApply(ctx, configApplyOptions{site: o.site, conflict: string(merge.Stop), yes: o.yes})
}
