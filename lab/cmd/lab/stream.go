package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/sentryctl/sentryctl/lab/probe"
	"github.com/sentryctl/sentryctl/lab/setup"
)

// stream runs a command while numbered events come in, and says what became of
// them. One that is lost is an error.
func stream(ctx context.Context, s setup.Setup, args []string) error {
	fs := flag.NewFlagSet("stream", flag.ContinueOnError)
	site := fs.String("site", "", "directory of the site; its env files name project and port")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if *site == "" || fs.NArg() == 0 {
		return errors.New("stream: give --site and a command")
	}
	p, err := probe.OfSite(s.Docker, *site)
	if err != nil {
		return err
	}
	events, err := p.Stream(ctx)
	if err != nil {
		return err
	}
	seen, err := events.During(ctx, func() error {
		cmd := exec.CommandContext(ctx, fs.Arg(0), fs.Args()[1:]...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
		return cmd.Run()
	})
	if err != nil {
		return fmt.Errorf("%s: %w", fs.Arg(0), err)
	}
	missing, err := events.Missing(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("%d events came in meanwhile and %d of them are in ClickHouse; %d were refused. The UI was away for %s, ingest for %s.\n",
		seen.Events, seen.Events-len(missing), seen.Refused, seen.UI.Round(100*time.Millisecond), seen.Ingest.Round(100*time.Millisecond))
	if len(missing) > 0 {
		return fmt.Errorf("%d events are lost, such as %s", len(missing), missing[0])
	}
	return nil
}
