package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/sentryctl/sentryctl/internal/fault"
)

// app is what every command gets: the streams, the output mode and the
// constructors of what reaches outside the process.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	output         string
}

func newApp(stdin io.Reader, stdout, stderr io.Writer) *app {
	return &app{stdin: stdin, stdout: stdout, stderr: stderr, output: "auto"}
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
	code, hint, doc := fault.CodeOf(err), fault.HintOf(err), fault.DocOf(err)
	if a.jsonOut() {
		a.writeJSON(struct {
			Type  string     `json:"type"`
			Code  fault.Code `json:"code"`
			Error string     `json:"error"`
			Hint  string     `json:"hint,omitempty"`
			Doc   string     `json:"doc,omitempty"`
		}{"error", code, err.Error(), hint, doc})
		return
	}
	fmt.Fprintf(a.stderr, "error: %s\n", err)
	if hint != "" {
		fmt.Fprintf(a.stderr, "hint:  %s\n", indent(hint))
	}
	if doc != "" {
		fmt.Fprintf(a.stderr, "see:   %s\n", doc)
	}
}

// indent aligns the further lines of a hint with its first.
func indent(s string) string { return strings.ReplaceAll(s, "\n", "\n       ") }

func (a *app) jsonOut() bool { return a.output == "json" }

// writeJSON writes v as one line on stdout.
func (a *app) writeJSON(v any) error {
	enc := json.NewEncoder(a.stdout)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
