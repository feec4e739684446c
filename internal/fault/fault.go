// Package fault owns the error that a person sees: what happened, the exit
// code that a script reads, and the hint that says what to do. It does not
// print and does not decide which code applies; whoever knows the cause does.
package fault

import (
	"context"
	"errors"
	"fmt"
)

// Code is a process exit code. The table is part of the public interface
// (docs/exit-codes.md): a code never changes its meaning.
type Code int

// The exit codes of sentryctl.
const (
	OK               Code = 0
	Other            Code = 1
	Incomplete       Code = 3   // done, but something optional is missing
	PreflightBlocked Code = 4   // a preflight check blocks
	UpgradeBlocked   Code = 5   // no allowed path to that version
	Resumable        Code = 6   // a step failed or is in doubt; the same command goes on
	NoSite           Code = 10  // no site in this directory
	Locked           Code = 11  // another run holds the site's lock
	NoEngine         Code = 12  // the Docker Engine cannot be reached
	Integrity        Code = 13  // a digest or a manifest does not match
	Usage            Code = 64  // wrong flags, or a prompt would be needed
	Cancelled        Code = 130 // Ctrl-C or SIGTERM
)

// Error is an error with an exit code and a hint. Hint is one sentence that
// starts with a verb and can be acted on; Doc is a path under docs/ or a URL.
type Error struct {
	Code Code
	Err  error
	Hint string
	Doc  string
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// New returns an error with a code and a hint. The format takes %w.
func New(code Code, hint, format string, args ...any) *Error {
	return &Error{Code: code, Hint: hint, Err: fmt.Errorf(format, args...)}
}

// WithDoc returns a copy of e that also names a document.
func (e *Error) WithDoc(doc string) *Error {
	c := *e
	c.Doc = doc
	return &c
}

// CodeOf returns the exit code of err: the outermost Error's code, Cancelled
// for a cancelled context, Other for anything else, OK for nil.
func CodeOf(err error) Code {
	var e *Error
	switch {
	case err == nil:
		return OK
	case errors.As(err, &e):
		return e.Code
	case errors.Is(err, context.Canceled):
		return Cancelled
	default:
		return Other
	}
}

// HintOf returns the hint of the outermost Error that has one, or "".
func HintOf(err error) string {
	return first(err, func(e *Error) string { return e.Hint })
}

// DocOf returns the document of the outermost Error that names one, or "".
func DocOf(err error) string {
	return first(err, func(e *Error) string { return e.Doc })
}

func first(err error, field func(*Error) string) string {
	for err != nil {
		var e *Error
		if !errors.As(err, &e) {
			return ""
		}
		if s := field(e); s != "" {
			return s
		}
		err = e.Err
	}
	return ""
}
