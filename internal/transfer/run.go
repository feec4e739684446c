package transfer

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// Stack is the running project.
type Stack interface {
	Model() release.Model
	Start(ctx context.Context, services ...string) error
	Pipe(context.Context, workload.OneOff, workload.Streams) (exitCode int, err error)
}

// Sentry speaks with the sentry command of the version that runs.
type Sentry struct {
	Stack   Stack
	Version calver.Version
	Sink    event.Sink
}

const web = "web"

// Run runs any command of sentry, connected with the given streams, and
// returns its exit code. Name tells its container from others.
func (s Sentry) Run(ctx context.Context, name string, args []string, streams workload.Streams) (int, error) {
	if err := s.startStores(ctx); err != nil {
		return 0, err
	}
	return s.Stack.Pipe(ctx, workload.OneOff{
		Service: web, Name: name, Command: args, NoDeps: true,
		// Warnings of Sentry's own would drown what the admin asked for.
		Env: map[string]string{"SENTRY_LOG_LEVEL": "CRITICAL"},
	}, streams)
}

// startStores starts what the command needs: web depends on far more than
// that.
func (s Sentry) startStores(ctx context.Context) error {
	var stores []string
	for _, service := range s.Stack.Model().Services {
		if slices.Contains([]string{"postgres", "pgbouncer", "redis"}, service.Name) {
			stores = append(stores, service.Name)
		}
	}
	if err := s.Stack.Start(ctx, stores...); err != nil {
		return fmt.Errorf("start what sentry needs: %w", err)
	}
	return nil
}

// told tells each line of a stream and keeps the last ones for an error.
type told struct {
	sink event.Sink
	part []byte
	last []string
}

const keptLines = 3

func (t *told) Write(p []byte) (int, error) {
	t.part = append(t.part, p...)
	for {
		line, rest, found := strings.Cut(string(t.part), "\n")
		if !found && len(t.part) < 64<<10 {
			return len(p), nil
		}
		t.part = []byte(rest)
		t.tell(line)
	}
}

func (t *told) tell(line string) {
	if line = strings.TrimSpace(line); line == "" {
		return
	}
	t.sink.Emit(event.Log{Source: web, Text: line})
	t.last = append(t.last, line)
	t.last = t.last[max(0, len(t.last)-keptLines):]
}

// complaint is what the command said at its end.
func (t *told) complaint(exitCode int) string {
	t.tell(string(t.part))
	if len(t.last) == 0 {
		return fmt.Sprintf("exit code %d", exitCode)
	}
	return fmt.Sprintf("exit code %d: %s", exitCode, strings.Join(t.last, "; "))
}

func (s Sentry) failed(what string, code int, t *told) error {
	return fault.New(fault.Other, "Read what sentry wrote above; sentryctl health says whether the site works", "%s: %s", what, t.complaint(code))
}

var _ io.Writer = (*told)(nil)
