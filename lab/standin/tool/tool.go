// Package tool owns the small programs that images of a Sentry stack carry
// and that health checks, entry points and installers call: nc, gosu, apk,
// python3 and s3cmd. Each knows what these callers use, and says so when it is
// asked for more.
package tool

import (
	"context"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

// Nothing does nothing, successfully: packages that apk would add are there.
func Nothing(context.Context, *proc.Proc) error { return nil }

// Gosu runs a command as another user: gosu USER CMD….
func Gosu(_ context.Context, p *proc.Proc) error {
	if len(p.Args) < 2 {
		return proc.Exit(1, "usage: gosu USER COMMAND [ARG…]")
	}
	return proc.BecomeAs([]string{p.Args[0]}, p.Args[1:]...)
}
