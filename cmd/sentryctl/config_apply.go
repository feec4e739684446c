package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/apply"
	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/config/merge"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/health"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/step"
	"github.com/sentryctl/sentryctl/internal/ui/redact"
)

const applyWorkflow = "apply"

type configApplyOptions struct {
	site     string
	conflict string
	yes      bool
	ask      bool // about each conflict, where somebody is there
}

func newConfigApplyCmd(a *app) *cobra.Command {
	var o configApplyOptions
	cmd := &cobra.Command{
		Use:   "apply",
		Short: "Write the answers into the files and restart what they touch",
		Long: `Write the answers into the files and restart what they touch: services whose
definition changes are recreated, those that mount a changed file restarted,
all others left alone. Then the front door is proven. On a site that is stopped
only the files are written. The files as they were stay in
.sentryctl/previous.

A value that you changed by hand and the answers would overwrite is asked about
on a terminal, both sides shown, and stops it elsewhere. --conflict mine keeps
all your edits, theirs overwrites them, stop never asks. Values that are kept
go into the answers; lines of Python move behind sentryctl's block.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.ask = !o.yes && !cmd.Flags().Changed("conflict")
			return a.runConfigApply(cmd.Context(), o)
		},
	}
	siteFlag(cmd, &o.site)
	cmd.Flags().StringVar(&o.conflict, "conflict", string(merge.Stop), "what to do with edits by hand: stop, mine or theirs")
	cmd.Flags().BoolVar(&o.yes, "yes", false, "do not ask")
	return cmd
}

// applyPlan is everything that is known before the first change.
type applyPlan struct {
	*siteConfig
	options  configApplyOptions
	files    []config.File
	found    []config.Finding
	changes  []config.Change
	engine   *applyEngine
	services applyForecast
	mine     []config.Finding // edits by hand that are kept
}

func (a *app) runConfigApply(ctx context.Context, o configApplyOptions) error {
	p, err := a.prepareApply(ctx, o)
	if err != nil {
		return err
	}
	a.masks.Add(p.secrets(p.answers)...)
	a.warnOf(p.found)
	if p.engine, err = p.connect(ctx); err != nil {
		return err
	}
	defer p.engine.close()
	if p.services, err = p.forecast(ctx); err != nil {
		return err
	}
	if idle, err := p.nothingToDo(ctx); err != nil {
		return err
	} else if idle {
		return a.showApplied(p, nil, step.Outcome{})
	}
	if err := a.confirmApply(ctx, p); err != nil {
		return err
	}
	return a.carryOutApply(ctx, p)
}

// prepareApply renders, and settles what was edited by hand.
func (a *app) prepareApply(ctx context.Context, o configApplyOptions) (*applyPlan, error) {
	if !slices.Contains([]merge.Resolve{merge.Stop, merge.Mine, merge.Theirs}, merge.Resolve(o.conflict)) {
		return nil, fault.New(fault.Usage, "Choose one of: stop, mine, theirs", "unknown way %q to deal with a conflict", o.conflict)
	}
	c, err := openConfig(o.site)
	if err != nil {
		return nil, err
	}
	if c.record.State != site.Installed {
		return nil, fault.New(fault.Usage, "Finish it: sentryctl install --site "+c.site.Dir, "the install of %s did not come to its end", c.site.Dir)
	}
	p := &applyPlan{siteConfig: c, options: o}
	if err := p.render(); err != nil {
		return nil, err
	}
	if p.mine, err = a.settle(ctx, p.found, merge.Resolve(o.conflict), o.ask); err != nil {
		return nil, err
	}
	if err := p.adopt(); err != nil {
		return nil, err
	}
	if merge.Resolve(o.conflict) != merge.Theirs { // what is overwritten unasked is named
		p.found = slices.DeleteFunc(p.found, func(f config.Finding) bool { return f.ID == config.Conflict })
	}
	return p, p.refuseInstallWork()
}

func (p *applyPlan) render() error {
	var err error
	if p.files, p.found, err = p.siteConfig.render(p.answers); err != nil {
		return err
	}
	if p.files, err = keptFiles(p.files, p.disk(), p.mine); err != nil {
		return err
	}
	p.changes, err = config.Changes(p.files, p.disk(), p.answers)
	return err
}

// adopt takes the edits by hand that are kept into the answers, and renders
// with them.
func (p *applyPlan) adopt() error {
	if len(p.mine) == 0 {
		return nil
	}
	answers, err := config.Adopt(p.answers, p.mine, p.disk())
	if err != nil {
		return err
	}
	if err := config.Refuse(config.Validate(answers, p.record.Version), "take your edits into the answers"); err != nil {
		return err
	}
	if len(config.Differing(p.answers, answers)) > 0 {
		if _, err := keptFiles(p.files, p.disk(), p.mine); err != nil {
			return err // before the answers change
		}
		if err := p.save(answers, "sentryctl config apply"); err != nil {
			return err
		}
	}
	return p.render()
}

// installVariables are set up by more than files.
var installVariables = []string{"COMPOSE_PROFILES", "SETUP_JS_SDK_ASSETS", "SETUP_CUSTOM_CA_CERTIFICATE"}

// refuseInstallWork refuses changes that need what only an install does, such
// as data for services that have not run before.
func (p *applyPlan) refuseInstallWork() error {
	env, err := os.ReadFile(p.site.Path(".env"))
	if err != nil {
		return fmt.Errorf("read the site's .env: %w", err)
	}
	for _, f := range p.files {
		if f.Path != customEnv {
			continue
		}
		for _, name := range installVariables {
			now := cmp.Or(config.VariableIn(f.Data, name), config.VariableIn(env, name))
			if now != "" && now != config.SiteVariable(p.disk(), name) {
				return fault.New(fault.Usage, "Run: sentryctl install"+siteArg(p.options.site), "%s=%s takes more than files: an install sets it up", name, now)
			}
		}
	}
	return nil
}

// nothingToDo tells that files and services are as the answers say, and that
// no run stopped before it had seen that.
func (p *applyPlan) nothingToDo(ctx context.Context) (bool, error) {
	_, unfinished, err := p.site.Unfinished()
	switch {
	case err != nil, unfinished, len(p.changes) > 0:
		return false, err
	case p.services.stopped:
		return true, nil
	case len(p.services.touched) > 0:
		return false, nil
	}
	return p.engine.staged.Settled(ctx)
}

// confirmApply shows what will happen and asks.
func (a *app) confirmApply(ctx context.Context, p *applyPlan) error {
	if !a.jsonOut() {
		fmt.Fprint(a.stderr, p.preview())
	}
	if p.options.yes {
		return nil
	}
	yes, err := a.confirm(ctx, "Apply?", true)
	if err != nil {
		return err
	}
	if !yes {
		return fault.New(fault.Cancelled, "Run the same command again when you are ready; nothing was changed", "not applied")
	}
	return nil
}

// preview names files and services.
func (p *applyPlan) preview() string {
	var b strings.Builder
	for _, c := range p.changes {
		fmt.Fprintf(&b, "%-9s %s  +%d -%d\n", "write", c.Path, c.Added, c.Removed)
	}
	b.WriteString(p.services.text())
	return b.String()
}

// carryOutApply is the part that changes the site.
func (a *app) carryOutApply(ctx context.Context, p *applyPlan) error {
	unlock, err := p.site.Lock("sentryctl config apply --site " + p.site.Dir)
	if err != nil {
		return err
	}
	defer unlock()
	journal, header, err := p.openJournal()
	if err != nil {
		return err
	}
	defer journal.Close()
	runs, err := p.site.Runs()
	if err != nil {
		return err
	}
	a.past = stepTimes(runs, applyWorkflow)
	watched := &watchedRun{site: p.site, header: header, version: p.record.Version, look: p.engine.instances}
	if err := watched.watch(ctx, func() health.Watch { return p.door(ctx) }); err != nil {
		return err
	}
	var env *apply.Env
	var outcome step.Outcome
	err = a.withSink(ctx, func(ctx context.Context, sink *redact.Sink) error {
		sink.Add(p.secrets(p.answers)...)
		runner := step.Runner[*apply.Env]{Log: journal, Sink: sink, Site: p.site.Dir, Now: time.Now, Redact: sink.Redact}
		env = p.environment(sink)
		outcome, err = runner.Run(ctx, env, header, apply.Steps())
		return err
	})
	if err = errors.Join(err, watched.remember(ctx, outcome, err)); err != nil {
		return err
	}
	after, err := p.engine.instances(ctx)
	if err != nil {
		return err
	}
	if err := a.showApplied(p, restarted(watched.before, after), outcome); err != nil {
		return err
	}
	if lacks := env.Incomplete(); len(lacks) > 0 {
		return fault.New(fault.Incomplete, lacks[0].Hint, "applied, but %s", lacks[0].Text)
	}
	return nil
}

// openJournal takes up the journal of an apply of just this that did not end,
// or begins one. Another workflow that did not end comes first.
func (p *applyPlan) openJournal() (*step.Journal, step.Header, error) {
	h := step.Header{
		Run: site.NewRunID(time.Now(), applyWorkflow), Workflow: applyWorkflow, Version: p.record.Version.String(),
		Tool: readVersion().Version, Command: p.command(), Digest: p.digest(),
	}
	for _, s := range apply.Steps() {
		h.Steps = append(h.Steps, s.ID)
	}
	last, unfinished, err := p.site.Unfinished()
	if err != nil {
		return nil, h, err
	}
	if was, ok := step.HeaderOf(last.Records); unfinished && ok {
		switch {
		case was.Workflow != applyWorkflow:
			return nil, h, fault.New(fault.Resumable, "Finish it first: sentryctl resume --site "+p.site.Dir, "%s %s did not come to its end", was.Workflow, last.ID)
		case was.Digest == h.Digest:
			h.Run = last.ID
		}
	}
	journal, err := p.site.OpenRun(h.Run)
	return journal, h, err
}

const conflictFlag = "--conflict="

// command is the apply as it would be typed again.
func (p *applyPlan) command() []string {
	c := []string{"sentryctl", "config", "apply", "--site", p.site.Dir}
	if p.options.conflict != string(merge.Stop) {
		c = append(c, conflictFlag+p.options.conflict)
	}
	return c
}

// appliedConflict is the way that a run was told to deal with conflicts.
func appliedConflict(command []string) string {
	for _, arg := range command {
		if how, ok := strings.CutPrefix(arg, conflictFlag); ok {
			return how
		}
	}
	return string(merge.Stop)
}

// digest names what is applied: the files with their content.
func (p *applyPlan) digest() string {
	sum := sha256.New()
	for _, f := range p.files {
		if f.Path != config.AppliedPath {
			fmt.Fprintf(sum, "%s %d\n%s", f.Path, len(f.Data), f.Data)
		}
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))
}
