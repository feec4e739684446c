package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"

	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/stack"
	"github.com/sentryctl/sentryctl/internal/ui/tui"
	"github.com/sentryctl/sentryctl/internal/ui/tui/wizard"
)

// wizardStep is the part of preparing an install that asks: on a terminal,
// for a site that is not there yet, unless --yes says not to. Without an
// Engine nothing can be installed; the check of the machine says so at once.
func (a *app) wizardStep(p *installPlan) func(context.Context) error {
	return func(ctx context.Context) error {
		if p.options.yes || p.known || p.engineErr != nil || !a.canAsk() {
			return nil
		}
		answers, err := wizard.Run(ctx, a.stdin, a.stderr, a.installInput(ctx, p), a.wizardOptions(p.options.accessible))
		if err != nil {
			return err
		}
		p.answers, p.asked = answers, true
		return nil
	}
}

// canAsk tells whether somebody is there to go through pages of questions.
func (a *app) canAsk() bool {
	s := a.streams()
	return s.inTerminal && s.errTerminal && (a.output == "auto" || a.output == "tui")
}

func (a *app) wizardOptions(accessible bool) wizard.Options {
	s := a.streams()
	return wizard.Options{Accessible: accessible || s.dumb, NoColor: s.noColor, ASCII: !tui.UTF8(a.getenv)}
}

func (a *app) installInput(ctx context.Context, p *installPlan) wizard.Input {
	m, local := wizardMachine(ctx, p.engine)
	var model *release.Model
	project, err := stack.Load(ctx, stack.LoadOptions{Dir: p.tree.Dir, EnvFiles: []string{".env"}, AllProfiles: true, Env: p.installerVariables()})
	if err == nil { // else loading it with the answers tells why
		all := project.Model()
		model = &all
	}
	return wizard.Input{
		Workflow: wizard.Install, Version: p.version, Site: p.site.Dir, Host: hostName(), Answers: p.answers,
		Defaults: wizardDefaults(model), Machine: m, Profiles: wizardProfiles(p.catalog, p.version, model), Checks: wizardChecks(local), Ignore: p.options.ignore,
		Preview: func(answers config.Answers) (string, error) {
			trial := *p
			trial.answers = answers
			if trial.secretKey == "" {
				trial.secretKey = config.GenerateSecretKey()
			}
			files, err := trial.render()
			if err != nil {
				return "", err
			}
			return previewOf(p.site.Dir, p.tree.Dir, files, answers)
		},
		Runs: func(answers config.Answers) []string { return installRuns(p, model, answers) },
	}
}

// installRuns says in a few lines what an install does.
func installRuns(p *installPlan, m *release.Model, a config.Answers) []string {
	runs := []string{"Check this machine; stop before the first change when something blocks"}
	if m != nil {
		runs = append(runs, fmt.Sprintf("Fetch %d images, make %d volumes, migrate the databases", len(m.Images), len(m.Volumes)))
	}
	if a.Admin.Email != "" {
		runs = append(runs, "Make the first admin, "+a.Admin.Email)
	}
	if p.options.noStart {
		return append(runs, "Leave everything stopped, as --no-start asks")
	}
	services := ""
	if m != nil {
		services = fmt.Sprintf("%d services", len(m.ServicesIn(a.Profile)))
	}
	return append(runs, "Start "+services+" and prove that Sentry answers")
}

// saveAnswers keeps what the wizard was told when the machine is not fit yet,
// so that nothing has to be typed again.
func (p *installPlan) saveAnswers(cause error) error {
	if !p.asked || cause == nil || fault.CodeOf(cause) == fault.Cancelled {
		return cause
	}
	dir, err := os.MkdirTemp("", "sentryctl-answers-")
	if err != nil {
		return cause
	}
	kept, err := config.Keep(p.answers, dir, writeSecret)
	if err != nil {
		return cause
	}
	data, err := yaml.Marshal(kept)
	if err != nil {
		return cause
	}
	path := filepath.Join(dir, "answers.yaml")
	if err := site.WriteFile(path, data, 0o600); err != nil {
		return cause
	}
	return fault.New(fault.CodeOf(cause), "Go on with the answers that you gave: sentryctl install --site "+p.site.Dir+" --answers "+path, "%w", cause)
}

func writeSecret(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make a place for secrets: %w", err)
	}
	return site.WriteFile(path, data, 0o600)
}
