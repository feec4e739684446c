// Command sentryctl installs self-hosted Sentry and keeps it alive.
//
// This package owns flags, wiring and exit codes; what the commands do lives
// in internal.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	// A terminal that is closed counts as a wish to end, too.
	// The first signal cancels and lets the step end; after stop() the second
	// one has its default effect and ends the process at once.
	context.AfterFunc(ctx, stop)
	a := newApp(os.Stdin, os.Stdout, os.Stderr)
	os.Exit(a.run(ctx, os.Args[1:]))
}
