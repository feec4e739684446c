package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/catalog"
	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/stack"
	"github.com/sentryctl/sentryctl/internal/ui/tui/wizard"
)

type configureOptions struct {
	site       string
	accessible bool
}

func newConfigureCmd(a *app) *cobra.Command {
	var o configureOptions
	cmd := &cobra.Command{
		Use:   "configure",
		Short: "Go through a site's answers in the wizard",
		Long: `Go through a site's answers in the wizard.

The questions are those of the install, with what the site has as defaults.
What you agree to is recorded; no file changes until "sentryctl config apply".
Scripts use "sentryctl config set" instead.`,
		Example: `  sudo sentryctl configure
  sudo sentryctl configure --site /srv/sentry --accessible`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runConfigure(cmd.Context(), o) },
	}
	siteFlag(cmd, &o.site)
	cmd.Flags().BoolVar(&o.accessible, "accessible", false, "ask line by line, for screen readers and dumb terminals")
	return cmd
}

func (a *app) runConfigure(ctx context.Context, o configureOptions) error {
	c, err := openConfig(o.site)
	if err != nil {
		return err
	}
	if !a.canAsk() {
		return fault.New(fault.Usage, "Use sentryctl config set KEY=VALUE, or run this on a terminal", "nobody is there to answer the wizard")
	}
	in, err := a.configureInput(ctx, c)
	if err != nil {
		return err
	}
	answers, err := wizard.Run(ctx, a.stdin, a.stderr, in, a.wizardOptions(o.accessible))
	if err != nil {
		return err
	}
	return a.keepAnswers(c, answers, o.site, "Set")
}

// configureInput shows the site as it is. Without an Engine the wizard works
// too: it just does not know the machine.
func (a *app) configureInput(ctx context.Context, c *siteConfig) (wizard.Input, error) {
	list, err := catalog.Load()
	if err != nil {
		return wizard.Input{}, err
	}
	var m wizard.Machine
	if engine, err := stack.Connect(ctx); err == nil {
		defer engine.Close()
		m, _ = wizardMachine(ctx, engine)
	}
	var model *release.Model
	if project, err := stack.Load(ctx, stack.LoadOptions{Dir: c.site.Dir, AllProfiles: true}); err == nil {
		all := project.Model()
		model = &all
	}
	defaults := wizardDefaults(model)
	if profile := config.SiteVariable(c.disk(), "COMPOSE_PROFILES"); defaults != nil && profile != "" {
		defaults["profile"] = profile
	}
	return wizard.Input{
		Workflow: wizard.Configure, Version: c.record.Version, Site: c.site.Dir, Host: hostName(), Answers: c.answers,
		Defaults: defaults, Machine: m, Profiles: wizardProfiles(list, c.record.Version, model), Checks: wizardChecks(false),
		Preview: func(answers config.Answers) (string, error) {
			files, _, err := c.render(answers)
			if err != nil {
				return "", err
			}
			return previewOf(c.site.Dir, c.site.ReleaseDir(c.record.Version), files, answers)
		},
		Runs: func(config.Answers) []string {
			return []string{"Record these answers; no file changes yet", "Then you run: sentryctl config apply"}
		},
	}, nil
}
