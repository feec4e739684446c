// Command standin plays every part of a Sentry stack that no distribution packages,
// for the lab: see README.md. Which role a process plays is decided here;
// what a role does stands in a package of its own.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

// A whole stack is 70 of these processes on one small machine, so memory is
// given back early; a role that holds data collects more often near the limit.
const (
	gcPercent   = 50
	memoryLimit = 256 << 20
)

func main() {
	debug.SetGCPercent(gcPercent)
	debug.SetMemoryLimit(memoryLimit)
	os.Exit(play(os.Args))
}

func play(argv []string) int {
	role, args, err := choose(argv, os.Getenv("STANDIN_ROLE"), table())
	if err != nil {
		fmt.Fprintf(os.Stderr, "standin: %v\n", err)
		return 2
	}
	// Files and folders that roles make are for all users of a shared volume.
	syscall.Umask(0o022)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT)
	defer stop()
	p := proc.New(role, args)
	if err := delayedStart(ctx, p); err != nil {
		return proc.Code(ctx, err)
	}
	err = table()[role](ctx, p)
	code := proc.Code(ctx, err)
	if err != nil && code != 0 && err.Error() != "" {
		fmt.Fprintf(os.Stderr, "%s: %v\n", role, err)
	}
	return code
}
