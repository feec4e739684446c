package backup

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/sentryctl/sentryctl/internal/workload"
)

// Span is a number that was counted just before the rest and just after it.
// What the backup holds lies in between.
type Span struct {
	Low  int64 `json:"low"`
	High int64 `json:"high"`
}

func (s Span) with(n int64) Span { return Span{Low: min(s.Low, n), High: max(s.High, n)} }

// Census is what a site holds, for a drill to find again.
type Census struct {
	Users    Span        `json:"users"`
	Projects Span        `json:"projects"`
	Events   Span        `json:"events"`
	Known    *KnownEvent `json:"known,omitempty"` // the newest before the rest
	Problem  string      `json:"problem,omitempty"`
}

// KnownEvent is one event.
type KnownEvent struct {
	ID      string `json:"id"`
	Project int64  `json:"project"`
}

// Counts is one count.
type Counts struct {
	Users    int64 `json:"users"`
	Projects int64 `json:"projects"`
	Events   int64 `json:"events"`
}

// executor runs commands in services.
type executor interface {
	Exec(ctx context.Context, service string, c workload.Exec) (workload.Result, error)
}

func ask(ctx context.Context, x executor, service string, command ...string) (string, error) {
	res, err := x.Exec(ctx, service, workload.Exec{Command: command, Quiet: true})
	if err == nil && res.ExitCode != 0 {
		err = fmt.Errorf("exit code %d: %.200s", res.ExitCode, strings.TrimSpace(string(res.Stderr)))
	}
	if err != nil {
		return "", fmt.Errorf("ask %s: %w", service, err)
	}
	return strings.TrimSpace(string(res.Stdout)), nil
}

const eventTable = "default.errors_local"

func inClickHouse(query string) []string { return []string{"clickhouse-client", "-q", query} }

// count asks the databases what they hold.
func count(ctx context.Context, x executor) (Counts, error) {
	var c Counts
	both, err := ask(ctx, x, "postgres", "psql", "-U", "postgres", "-qAtX", "-c", "SELECT (SELECT count(*) FROM auth_user), (SELECT count(*) FROM sentry_project)")
	if err != nil {
		return c, err
	}
	users, projects, _ := strings.Cut(both, "|")
	events, err := ask(ctx, x, "clickhouse", inClickHouse("SELECT count() FROM "+eventTable)...)
	if err != nil {
		return c, err
	}
	for to, text := range map[*int64]string{&c.Users: users, &c.Projects: projects, &c.Events: events} {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return c, fmt.Errorf("count what there is: %w", err)
		}
		*to = n
	}
	return c, nil
}

var eventID = regexp.MustCompile(`^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$`)

// newest is the event that came last, nil where there is none.
func newest(ctx context.Context, x executor) (*KnownEvent, error) {
	line, err := ask(ctx, x, "clickhouse", inClickHouse("SELECT event_id, project_id FROM "+eventTable+" ORDER BY timestamp DESC LIMIT 1")...)
	if err != nil || line == "" {
		return nil, err
	}
	id, project, _ := strings.Cut(line, "\t")
	n, err := strconv.ParseInt(project, 10, 64)
	if err != nil || !eventID.MatchString(id) {
		return nil, errors.New("the newest event has no ID that is known")
	}
	return &KnownEvent{ID: id, Project: n}, nil
}

// find tells whether an event is there. What it is asked for comes from a
// repository, so it is looked at first.
func find(ctx context.Context, x executor, k KnownEvent) (bool, error) {
	if !eventID.MatchString(k.ID) {
		return false, errors.New("the manifest names an event with a strange ID")
	}
	n, err := ask(ctx, x, "clickhouse", inClickHouse(fmt.Sprintf("SELECT count() FROM %s WHERE project_id = %d AND event_id = '%s'", eventTable, k.Project, k.ID))...)
	return n != "" && n != "0", err
}

// census counts before the rest. A site that cannot be counted is backed up
// all the same.
func census(ctx context.Context, x executor) Census {
	c, err := count(ctx, x)
	if err != nil {
		return Census{Problem: err.Error()}
	}
	out := Census{Users: Span{c.Users, c.Users}, Projects: Span{c.Projects, c.Projects}, Events: Span{c.Events, c.Events}}
	if out.Known, err = newest(ctx, x); err != nil {
		out.Problem = err.Error()
	}
	return out
}

// again counts after the rest.
func (c Census) again(ctx context.Context, x executor) Census {
	if c.Problem != "" {
		return c
	}
	n, err := count(ctx, x)
	if err != nil {
		c.Problem = err.Error()
		return c
	}
	c.Users, c.Projects, c.Events = c.Users.with(n.Users), c.Projects.with(n.Projects), c.Events.with(n.Events)
	return c
}
