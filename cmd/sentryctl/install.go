package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
)

type installOptions struct {
	site          string
	version       string
	source        string
	digest        string
	answers       string
	set           []string
	profile       string
	bind          string
	url           string
	adminEmail    string
	ignore        []string
	acceptAvoided bool
	yes           bool
	accessible    bool
	noStart       bool
	restored      *backup.Set // the data is this backup's, and the machine was checked for it
}

func newInstallCmd(a *app) *cobra.Command {
	var o installOptions
	cmd := &cobra.Command{
		Use:   "install",
		Short: "Install self-hosted Sentry, or finish an install",
		Long: `Install self-hosted Sentry, or finish an install.

On a terminal a wizard asks first how this Sentry should be; flags and answers
are its defaults, and --yes leaves it out. --accessible asks line by line.

The machine is checked first; nothing is touched when something blocks. Then
the install goes step by step under a journal: after a crash, a full disk or
Ctrl-C, run the same command again and it goes on where it stopped. On a site
that is installed it changes nothing and says so.`,
		Example: `  sudo sentryctl install --url https://sentry.example.com --admin-email you@example.com
  sudo sentryctl install --version 25.10.0 --profile errors-only --bind 127.0.0.1:9000 --yes
  sudo sentryctl install --answers answers.yaml --yes --output json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runInstall(cmd.Context(), o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.site, "site", site.DefaultDir, "directory of the installation")
	f.StringVar(&o.version, "version", "", "version to install (default: the newest good one)")
	f.StringVar(&o.source, "source", "", "directory, archive file or https URL of the release (default: the public archive)")
	f.StringVar(&o.digest, "digest", "", "refuse a release whose tree has another digest (sha256:…)")
	f.StringVar(&o.answers, "answers", "", "file with answers, see docs/configuration.md")
	f.StringArrayVar(&o.set, "set", nil, "set one answer or option, key=value; may be repeated")
	f.StringVar(&o.profile, "profile", "", "feature-complete or errors-only")
	f.StringVar(&o.bind, "bind", "", "port, or address and port, to publish: 9000 or 127.0.0.1:9000")
	f.StringVar(&o.url, "url", "", "address under which browsers reach this Sentry")
	f.StringVar(&o.adminEmail, "admin-email", "", "e-mail of the first admin; a password is made unless one is given")
	f.StringSliceVar(&o.ignore, "ignore", nil, "preflight checks that shall not block, by ID")
	f.BoolVar(&o.acceptAvoided, "accept-avoided", false, "install a version that is known to be bad")
	f.BoolVar(&o.yes, "yes", false, "do not ask")
	f.BoolVar(&o.accessible, "accessible", false, "ask line by line, for screen readers and dumb terminals")
	f.BoolVar(&o.noStart, "no-start", false, "set everything up but leave it stopped")
	return cmd
}

// sets gives the flags that stand for answers in the form of --set.
func (o installOptions) sets() []string {
	sets := append([]string{}, o.set...)
	for _, s := range []struct{ key, value string }{
		{"profile", o.profile}, {"bind", o.bind}, {"url", o.url}, {"admin.email", o.adminEmail},
	} {
		if s.value != "" {
			sets = append(sets, s.key+"="+s.value)
		}
	}
	return sets
}

// runInstall prepares everything that can be known beforehand, checks it, and
// only then touches the machine.
func (a *app) runInstall(ctx context.Context, o installOptions) error {
	if err := o.noRestore(); err != nil {
		return err
	}
	p, err := a.prepareInstall(ctx, o)
	if p != nil {
		defer p.close()
	}
	if err != nil {
		return err
	}
	if o.restored == nil {
		if err := a.checkMachine(ctx, p); err != nil {
			return p.saveAnswers(err)
		}
	}
	if err := a.confirmInstall(ctx, p); err != nil {
		return err
	}
	return a.carryOut(ctx, p)
}

// confirmInstall asks before the first change. A site that is installed or
// half installed has been agreed to before.
func (a *app) confirmInstall(ctx context.Context, p *installPlan) error {
	if p.options.yes || p.known || p.asked {
		return nil
	}
	question := fmt.Sprintf("Install Sentry %s (%s) in %s?", p.version, p.profile, p.site.Dir)
	yes, err := a.confirm(ctx, question, false)
	if err != nil {
		return err
	}
	if !yes {
		return fault.New(fault.Cancelled, "Run the same command again when you are ready; nothing was changed", "not installed")
	}
	return nil
}

// noRestore refuses an install over a restore that has one of its own.
func (o installOptions) noRestore() error {
	s, err := site.At(o.site)
	if err != nil || o.restored != nil {
		return err
	}
	note, under, err := backup.ReadRestoring(s)
	if err == nil && under && note.Kind != backup.Same {
		err = fault.New(fault.Resumable, "Finish it first: sentryctl resume --site "+s.Dir, "a restore of backup %s did not come to its end", note.Set)
	}
	return err
}
