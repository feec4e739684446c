// Package proc owns what all roles of the stand-in share as processes:
// streams, environment, exit codes, flags, waiting for a peer, health files,
// serving until SIGTERM and becoming another program. It knows no role.
package proc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// Proc is one process in one role.
type Proc struct {
	Role   string
	Args   []string // without the program name
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	Getenv func(string) string
}

// New returns the process as the operating system started it.
func New(role string, args []string) *Proc {
	return &Proc{Role: role, Args: args, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv}
}

// With returns a copy of p with other arguments.
func (p *Proc) With(args []string) *Proc {
	c := *p
	c.Args = args
	return &c
}

// Env returns the variable or, when it is empty, def.
func (p *Proc) Env(name, def string) string {
	if v := p.Getenv(name); v != "" {
		return v
	}
	return def
}

// Logf writes one short line to stderr.
func (p *Proc) Logf(format string, args ...any) {
	fmt.Fprintf(p.Stderr, "%s %s: %s\n", time.Now().UTC().Format("15:04:05.000"), p.Role, fmt.Sprintf(format, args...))
}

// Printf writes to stdout.
func (p *Proc) Printf(format string, args ...any) { fmt.Fprintf(p.Stdout, format, args...) }

// Run is what a role does; it returns when the work is done or ctx ends.
type Run func(ctx context.Context, p *Proc) error

// ExitError ends the process with a code of its own. An empty message prints
// nothing.
type ExitError struct {
	Code int
	Msg  string
}

func (e *ExitError) Error() string { return e.Msg }

// Exit returns an ExitError.
func Exit(code int, format string, args ...any) error {
	return &ExitError{Code: code, Msg: fmt.Sprintf(format, args...)}
}

// Code says how the process ends after err. A role that was told to stop by
// SIGTERM ended well.
func Code(ctx context.Context, err error) int {
	var e *ExitError
	switch {
	case err == nil, ctx.Err() != nil && errors.Is(err, context.Canceled):
		return 0
	case errors.As(err, &e):
		return e.Code
	}
	return 1
}
