// Command lab sets up and takes down the lab: an Engine, stand-in images and
// small releases on which sentryctl can be tried without the real Sentry.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/sentryctl/sentryctl/lab/setup"
)

// command is one thing that the lab can do.
type command struct {
	name string
	args string
	help string
	run  func(ctx context.Context, s setup.Setup, args []string) error
}

func commands() []command {
	return []command{
		{"up", "", "bring an Engine, the images and the releases about; seconds the second time", up},
		{"images", "REF…", "make images of the lab, for instance sentryctl-lab/sentry:25.11.0", makeImages},
		{"release", "[--prefix P] [--bind B] VERSION DIR", "write one release with names and a port of its own", writeRelease},
		{"adapt", "[--prefix P] [--bind B] SRC DST", "make a real release tree run on the lab's images", adaptRelease},
		{"event", "[--site DIR] [--url URL] [--project P]", "post an event through the front door and find it again", postEvent},
		{"stream", "--site DIR COMMAND…", "run a command while numbered events come in, and find every one of them", stream},
		{"clean", "[--prefix P] [--images]", "remove the lab's containers, networks and volumes, and its images if asked", clean},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 || args[0] == "help" || args[0] == "--help" {
		usage(os.Stdout)
		return nil
	}
	for _, c := range commands() {
		if c.name != args[0] {
			continue
		}
		root, err := setup.Root(".")
		if err != nil {
			return err
		}
		return c.run(ctx, setup.In(root, os.Stderr), args[1:])
	}
	usage(os.Stderr)
	return fmt.Errorf("there is no command %q", args[0])
}

func usage(w io.Writer) {
	fmt.Fprintln(w, "go run ./lab/cmd/lab COMMAND")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %s %s\n        %s\n", c.name, c.args, c.help)
	}
}
