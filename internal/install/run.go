package install

import (
	"bytes"
	"context"
	"strings"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// oneOff runs a command and makes an error of a non-zero exit.
func (e *Env) oneOff(ctx context.Context, c workload.OneOff) error {
	_, err := e.oneOffOutput(ctx, c)
	return err
}

func (e *Env) oneOffOutput(ctx context.Context, c workload.OneOff) ([]byte, error) {
	s, err := e.Stack(ctx)
	if err != nil {
		return nil, err
	}
	r, err := s.RunOneOff(ctx, c)
	if err != nil {
		return nil, err
	}
	return r.Stdout, exitFault(c.Service, r, "")
}

// exec runs a command in a running service and makes an error of a non-zero
// exit.
func (e *Env) exec(ctx context.Context, service string, c workload.Exec) ([]byte, error) {
	s, err := e.Stack(ctx)
	if err != nil {
		return nil, err
	}
	r, err := s.Exec(ctx, service, c)
	if err != nil {
		return nil, err
	}
	return r.Stdout, exitFault(service, r, "")
}

// exitFault names the service, the exit code and the last words of a command
// that failed; nil for exit 0.
func exitFault(service string, r workload.Result, hint string) error {
	if r.ExitCode == 0 {
		return nil
	}
	if hint == "" {
		hint = "Read the lines above, mend the cause, then run the same command again"
	}
	return fault.New(fault.Resumable, hint, "%s ended with exit code %d: %s", service, r.ExitCode, lastWords(r))
}

// lastWords are the last lines that a command wrote, stderr before stdout.
func lastWords(r workload.Result) string {
	const keep = 3
	text := bytes.TrimSpace(r.Stderr)
	if len(text) == 0 {
		text = bytes.TrimSpace(r.Stdout)
	}
	if len(text) == 0 {
		return "it said nothing"
	}
	lines := strings.Split(string(text), "\n")
	return strings.Join(lines[max(0, len(lines)-keep):], " | ")
}
