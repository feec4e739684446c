package main

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/catalog"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/postgres"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/stack"
	"github.com/sentryctl/sentryctl/internal/upgrade/plan"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// issueQueries are those of the known issues on a path that the site's database
// can answer, by the issue's ID.
func issueQueries(p plan.Plan) map[string]string {
	queries := map[string]string{}
	for _, h := range p.Hops {
		for _, i := range h.Issues {
			if i.Query != nil && i.Query.Store == catalog.PostgreSQL {
				queries[i.ID] = i.Query.SQL
			}
		}
	}
	return queries
}

// askAgain asks, before a later hop of a path, for the known issues that begin at the
// release which the site has come to: before its migrations had run, its data told
// nothing of them.
func (a *app) askAgain(ctx context.Context, s *site.Site, p plan.Plan, h plan.Hop) error {
	h.Issues = sinceThen(p.From, h)
	queries := issueQueries(plan.Plan{Hops: []plan.Hop{h}})
	if len(queries) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, planFactsLimit)
	defer cancel()
	l, err := planLook(ctx, s)
	if err != nil {
		return err
	}
	defer l.engine.Close()
	warnings, err := judgeAgain(h, askIssues(ctx, l.services, queries))
	for _, text := range warnings {
		a.warn(text)
	}
	return err
}

// sinceThen are the known issues of a hop that say nothing of the release at which
// its path began.
func sinceThen(began calver.Version, h plan.Hop) []plan.Issue {
	return slices.DeleteFunc(slices.Clone(h.Issues), func(i plan.Issue) bool { return i.From.Contains(began) })
}

// judgeAgain refuses a hop that a known issue fails, and tells, as the gate does, which
// of them the database did not answer for.
func judgeAgain(h plan.Hop, hit map[string]bool) (warnings []string, err error) {
	queries := issueQueries(plan.Plan{Hops: []plan.Hop{h}})
	for _, i := range h.Issues {
		yes, answered := hit[i.ID]
		switch {
		case queries[i.ID] == "" || i.Severity == "info":
		case !answered:
			warnings = append(warnings, fmt.Sprintf("a known issue may hit the hop to %s, and the database did not say: %s. %s", h.To, i.Title, i.Around))
		case !yes:
		case i.Severity == "block":
			return warnings, fault.New(fault.PreflightBlocked, i.Around+" Then, for the rest of the path: sentryctl resume",
				"the site is at %s and serves; the hop to %s does not begin, for a known issue hits it: %s (%s, %s)", h.From, h.To, i.Title, i.ID, i.Source).WithDoc("docs/upgrade.md")
		default:
			warnings = append(warnings, fmt.Sprintf("a known issue hits the hop to %s: %s. %s", h.To, i.Title, i.Around))
		}
	}
	return warnings, nil
}

// postgresSocket is where PostgreSQL listens in its container.
const postgresSocket = "/run/postgresql/.s.PGSQL.5432"

// askIssues puts queries to the site's database: over the socket that psql uses
// too, where it can be had, else with psql, all in one session, for making one
// takes longer than they do. What does not answer stays unknown.
func askIssues(ctx context.Context, services stack.Services, queries map[string]string) map[string]bool {
	if len(queries) == 0 {
		return map[string]bool{}
	}
	if hit, err := askSocket(ctx, services, queries); err == nil || ctx.Err() != nil {
		return hit
	}
	out, err := readOnly(ctx, services, issueCommand(queries))
	if err != nil {
		return map[string]bool{}
	}
	return issuesHit(out)
}

func askSocket(ctx context.Context, services stack.Services, queries map[string]string) (map[string]bool, error) {
	dial := func(ctx context.Context) (net.Conn, error) { return services.Dial(ctx, "postgres", postgresSocket) }
	values, err := postgres.Ask(ctx, dial, "postgres", queries)
	hit := map[string]bool{}
	for id, number := range values {
		if n, err := strconv.Atoi(number); err == nil {
			hit[id] = n > 0
		}
	}
	return hit, err
}

// issueCommand has psql print the number of each query and then the issue's ID. A
// query that fails, as its table is not there, prints none, and the next follows.
func issueCommand(queries map[string]string) []string {
	command := []string{"-v", "ON_ERROR_STOP=0"}
	for _, id := range slices.Sorted(maps.Keys(queries)) {
		command = append(command, "-c", queries[id], "-c", `\echo issue `+id)
	}
	return command
}

// issuesHit reads what that prints.
func issuesHit(out string) map[string]bool {
	hit := map[string]bool{}
	number := ""
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		id, is := strings.CutPrefix(line, "issue ")
		if !is {
			number = line
			continue
		}
		if n, err := strconv.Atoi(number); err == nil {
			hit[id] = n > 0
		}
		number = ""
	}
	return hit
}

// psql runs a query in the site's database.
func psql(ctx context.Context, services stack.Services, sql string) (string, error) {
	return readOnly(ctx, services, []string{"-v", "ON_ERROR_STOP=1", "-c", sql})
}

// readOnly runs psql in a session that cannot write; the server ends a query of
// it after some seconds.
func readOnly(ctx context.Context, services stack.Services, args []string) (string, error) {
	r, err := services.Exec(ctx, "postgres", workload.Exec{
		Command: append([]string{"psql", "-U", "postgres", "-XAtq"}, args...),
		Env:     []string{"PGOPTIONS=" + postgres.Options}, Quiet: true,
	})
	if err != nil {
		return "", err
	}
	if r.ExitCode != 0 {
		return "", fmt.Errorf("psql ended with %d", r.ExitCode)
	}
	return strings.TrimSpace(string(r.Stdout)), nil
}
