package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/preflight"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/stack"
	"github.com/sentryctl/sentryctl/internal/ui/report"
)

type preflightOptions struct {
	site, version, source string
	profile, bind, url    string
	ignore                []string
	fix, yes              bool
}

func newPreflightCmd(a *app) *cobra.Command {
	opts := preflightOptions{}
	cmd := &cobra.Command{
		Use:   "preflight",
		Short: "Check whether this machine can carry a Sentry",
		Long: `Check whether this machine and its Docker Engine can carry a Sentry.

Every check runs, then there is one verdict. Nothing is changed but with --fix,
which asks before each repair. docs/preflight.md explains each check.

Exit codes: 0 nothing blocks, 4 a check blocks, 12 the Engine does not answer.`,
		Example: `  sentryctl preflight
  sentryctl preflight --profile errors-only --bind 127.0.0.1:9000
  sentryctl preflight --ignore ram,swap
  sudo sentryctl preflight --fix
  sentryctl preflight --output json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runPreflight(cmd.Context(), opts, a) },
	}
	f := cmd.Flags()
	f.StringVar(&opts.site, "site", site.DefaultDir, "directory of the installation")
	f.StringVar(&opts.version, "version", "", "version to be installed (default: the site's, else the newest)")
	f.StringVar(&opts.source, "source", "", "release to be installed: a directory, an archive file or a URL")
	f.StringVar(&opts.profile, "profile", "", "feature-complete or errors-only (default: the site's, else feature-complete)")
	f.StringVar(&opts.bind, "bind", "", "where Sentry shall listen: PORT or IP:PORT (default: the release's)")
	f.StringVar(&opts.url, "url", "", "public URL, as a browser sees it")
	f.StringSliceVar(&opts.ignore, "ignore", nil, "IDs of checks that shall not block, separated by commas")
	f.BoolVar(&opts.fix, "fix", false, "repair what is safe to repair, asking before each repair")
	f.BoolVar(&opts.yes, "yes", false, "with --fix: repair without asking")
	return cmd
}

func runPreflight(ctx context.Context, opts preflightOptions, a *app) error {
	ignore, err := preflight.ParseIgnore(opts.ignore)
	if err != nil {
		return err
	}
	if err := opts.check(); err != nil {
		return err
	}
	plan, err := planPreflight(ctx, opts)
	if err != nil {
		return err
	}
	e := examination{app: a, plan: plan, ignore: ignore}
	e.look(ctx)
	if opts.fix {
		if err := e.repair(ctx, opts.yes); err != nil {
			return err
		}
	}
	if err := a.showReport(e.report, false); err != nil {
		return err
	}
	if err := e.verdict(); err != nil {
		return err
	}
	if a.jsonOut() {
		return a.writeJSON(struct {
			Type string `json:"type"`
			OK   bool   `json:"ok"`
		}{"result", true})
	}
	return nil
}

// check refuses what no machine could be judged for.
func (o preflightOptions) check() error {
	switch o.profile {
	case "", config.FeatureComplete, config.ErrorsOnly:
	default:
		return fault.New(fault.Usage, "Choose one of: "+config.FeatureComplete+", "+config.ErrorsOnly, "unknown profile %q", o.profile)
	}
	if o.yes && !o.fix {
		return fault.New(fault.Usage, "Add --fix, or leave --yes out", "--yes answers the questions of --fix, which is not given")
	}
	return nil
}

// examination is one machine, looked at and judged.
type examination struct {
	app    *app
	plan   preflightPlan
	ignore preflight.Ignore

	facts     preflight.Facts
	report    preflight.Report
	engineErr error
}

// look collects the facts, anew when something has been repaired, and judges
// them.
func (e *examination) look(ctx context.Context) {
	in := factsInput{Target: e.plan.target, Images: e.plan.images, SourceHost: e.plan.sourceHost}
	engine, err := stack.Connect(ctx)
	e.engineErr, in.EngineErr = err, err
	if err == nil {
		defer engine.Close()
		in.Engine, in.Helper = engine, engine
	}
	e.facts = e.app.collectFacts(ctx, in)
	e.report = preflight.Run(e.facts, e.plan.target, e.ignore)
}

// verdict is the error with which a machine that is not fit ends the command.
func (e *examination) verdict() error {
	reach, _ := e.report.Find("engine-reachable")
	switch {
	case e.engineErr != nil:
		return fault.New(fault.NoEngine, reach.Hint, "%w", e.engineErr).WithDoc(reach.Doc)
	case e.report.Blocked:
		return blocked(e.report)
	}
	return nil
}

// blocked is the error of a report that blocks.
func blocked(r preflight.Report) error {
	var ids []string
	for _, f := range r.Blocks() {
		ids = append(ids, string(f.ID))
	}
	return fault.New(fault.PreflightBlocked, "Follow the hints of these checks, then run the same command again",
		"this machine is not ready: %s", strings.Join(ids, ", ")).WithDoc("docs/preflight.md")
}

// showReport writes a report to stdout; brief leaves out what is well.
func (a *app) showReport(r preflight.Report, brief bool) error {
	if a.jsonOut() {
		return a.writeJSON(r)
	}
	s := a.streams()
	if err := report.Write(a.stdout, r, report.Options{Color: s.outTerminal && !s.noColor && !s.dumb, Brief: brief}); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// absolute is the directory of a site as it stands in labels of containers.
func absolute(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fault.New(fault.Usage, "Give an absolute path with --site", "find site directory: %w", err)
	}
	return abs, nil
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
