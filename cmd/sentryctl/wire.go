package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/ui/format"
	"github.com/sentryctl/sentryctl/internal/ui/jsonl"
	"github.com/sentryctl/sentryctl/internal/ui/redact"
)

// app is what every command gets: the streams, the output mode and the
// constructors of what reaches outside the process.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	output         string
	getenv         func(string) string
	exit           func(code int)

	lines *jsonl.Writer            // the only writer of JSON on stdout
	masks *redact.Sink             // knows the secrets; see sink
	past  map[string]time.Duration // how long steps took before; see stepTimes
}

func newApp(stdin io.Reader, stdout, stderr io.Writer) *app {
	return &app{
		stdin: stdin, stdout: stdout, stderr: stderr, output: "auto",
		getenv: os.Getenv, exit: os.Exit,
		lines: jsonl.New(stdout, time.Now), masks: redact.New(nil),
	}
}

// run executes one command line and returns the exit code of the process.
func (a *app) run(ctx context.Context, args []string) int {
	root := newRootCmd(a)
	root.SetArgs(args)
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	err := root.ExecuteContext(ctx)
	if err != nil {
		a.report(err)
	}
	return int(fault.CodeOf(err))
}

// report says what went wrong, in the form that the output mode asks for.
func (a *app) report(err error) {
	code, hint, doc := fault.CodeOf(err), a.masks.Redact(fault.HintOf(err)), fault.DocOf(err)
	text := a.masks.Redact(err.Error())
	if a.jsonOut() {
		a.writeJSON(struct {
			Type  string     `json:"type"`
			Code  fault.Code `json:"code"`
			Error string     `json:"error"`
			Hint  string     `json:"hint,omitempty"`
			Doc   string     `json:"doc,omitempty"`
		}{"error", code, text, hint, doc})
		return
	}
	fmt.Fprintf(a.stderr, "error: %s\n", text)
	if hint != "" {
		fmt.Fprintf(a.stderr, "hint:  %s\n", indent(hint))
	}
	if doc != "" {
		fmt.Fprintf(a.stderr, "see:   %s\n", doc)
	}
}

// warn says something while no run speaks.
func (a *app) warn(text string) {
	text = a.masks.Redact(text)
	if a.jsonOut() {
		a.lines.Emit(event.Notice{Level: "warn", Text: text})
		return
	}
	fmt.Fprintf(a.stderr, "warn   %s\n", format.Clean(text))
}

// indent aligns the further lines of a hint with its first.
func indent(s string) string { return strings.ReplaceAll(s, "\n", "\n       ") }

func (a *app) jsonOut() bool { return a.output == "json" }

// writeJSON writes v as one line on stdout, after the events before it.
func (a *app) writeJSON(v any) error { return a.lines.Write(v) }
