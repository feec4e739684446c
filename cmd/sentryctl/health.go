package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/health"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/stack"
	"github.com/sentryctl/sentryctl/internal/ui/format"
)

type healthOptions struct {
	site   string
	canary bool
	limit  time.Duration
	atOnce bool // what only a person brings back is not waited for
}

func newHealthCmd(a *app) *cobra.Command {
	o := healthOptions{atOnce: true}
	cmd := &cobra.Command{
		Use:   "health",
		Short: "Ask whether the site works",
		Long: `Ask whether the site works: every container runs, is healthy and does not
restart; the front door answers through nginx (health, login page, an asset);
the consumers keep up. With --canary an event is sent to the internal project
and looked for in ClickHouse.

The checks are asked at the same time, each until it passes or its time is
over. What nothing but a start by hand brings back is told after two seconds.
The exit code is 0 when all pass and 1 when one does not.`,
		Example: `  sentryctl health
  sentryctl health --canary --limit 30s --output json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runHealth(cmd.Context(), o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.site, "site", site.DefaultDir, "directory of the installation")
	f.BoolVar(&o.canary, "canary", false, "also send an event and find it in storage")
	f.DurationVar(&o.limit, "limit", time.Minute, "how long each check may take")
	return cmd
}

// healthReport is the result as programs read it.
type healthReport struct {
	Type    string         `json:"type"`
	Site    string         `json:"site"`
	Version calver.Version `json:"version"`
	health.Report
}

func (a *app) runHealth(ctx context.Context, o healthOptions) error {
	if o.limit <= 0 {
		return fault.New(fault.Usage, "Give a time such as --limit 30s", "--limit %s leaves no time", o.limit)
	}
	s, rec, err := site.Open(o.site)
	if err != nil {
		return err
	}
	engine, err := stack.Connect(ctx)
	if err != nil {
		noteHealth(s, byHealth, []string{"engine"})
		return err
	}
	defer engine.Close()
	project, err := stack.Load(ctx, stack.LoadOptions{Dir: s.Dir})
	if err != nil {
		return err
	}
	st := engine.Stack(project, event.Discard{})
	door, err := doorOf(rec, st)
	if err != nil {
		return err
	}
	r, err := health.Run(ctx, healthChecks(st, door, o))
	if err != nil {
		return err
	}
	noteHealth(s, byHealth, r.Failed())
	return a.tellHealth(healthReport{"health", s.Dir, rec.Version, r})
}

// doorOf is the front door of a site as its record and its project give it.
func doorOf(rec site.Record, st *stack.Stack) (health.FrontDoor, error) {
	var answers config.Answers
	if !rec.Answers.IsZero() {
		if err := rec.Answers.Decode(&answers); err != nil {
			return health.FrontDoor{}, fmt.Errorf("read the site's answers: %w", err)
		}
	}
	p := installPlan{model: st.Model(), answers: answers}
	return health.FrontDoor{Address: p.door(), URL: p.publicURL()}, nil
}

func healthChecks(st *stack.Stack, door health.FrontDoor, o healthOptions) []health.Check {
	door.Limit, door.AtOnce = o.limit, o.atOnce
	checks := []health.Check{
		health.Containers{Services: st, Limit: o.limit, AtOnce: o.atOnce}.Check(),
		door.Check(),
		health.Lag{Commands: st, Limit: o.limit}.Check(),
	}
	if o.canary {
		checks = append(checks, health.Canary{Door: door, Commands: st, Limit: o.limit}.Check())
	}
	return checks
}

// tellHealth writes the report; a site that is not well is an error.
func (a *app) tellHealth(r healthReport) error {
	var err error
	if a.jsonOut() {
		err = a.writeJSON(r)
	} else {
		err = r.write(a.stdout)
	}
	switch {
	case err != nil:
		return err
	case !r.Healthy:
		return fault.New(fault.Other, "Follow the hints of these checks, then ask again", "the site is not well: %s", strings.Join(r.Failed(), ", "))
	case a.jsonOut():
		return a.writeJSON(struct {
			Type string `json:"type"`
			OK   bool   `json:"ok"`
		}{"result", true})
	}
	return nil
}

func (r healthReport) write(out io.Writer) error {
	fmt.Fprintf(out, "Sentry %s in %s\n", r.Version, r.Site)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, c := range r.Checks {
		mark, said := "ok", c.Said
		if !c.OK {
			mark, said = "FAILED", c.Error
		}
		fmt.Fprintf(w, "  %s\t%s\t%s (%s)\n", mark, c.Title, format.Clean(said), format.Elapsed(c.ElapsedNS))
		if !c.OK && c.Hint != "" {
			fmt.Fprintf(w, "  \t\t%s\n", c.Hint)
		}
	}
	return w.Flush()
}
