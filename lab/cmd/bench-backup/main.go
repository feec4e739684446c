// Command bench-backup installs a site of the lab, fills it, and backs it up
// under steady writes and a numbered stream of events: twice with sentryctl, a
// hundredth of the data apart, and once the documented way (down, tar of each
// volume through a container, up). It restores both, prints times, gaps, lost
// events and ratios against the goals, and takes the site down. It needs root,
// as it writes into volumes.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/sentryctl/sentryctl/lab/setup"
)

type options struct {
	version, sentryctl, compose, image string
	megabytes                          int
	trace, keep                        bool
}

func main() {
	var o options
	flag.StringVar(&o.version, "version", "25.10.0", "release of the lab to install")
	flag.StringVar(&o.sentryctl, "sentryctl", "bin/sentryctl", "the binary to measure")
	flag.StringVar(&o.compose, "compose", "build/bench/cmd", "the Compose plugin, run on its own")
	flag.StringVar(&o.image, "image", "sentryctl-lab/nginx:1.29.1-alpine", "an image with sh, tar and gzip")
	flag.IntVar(&o.megabytes, "mb", 1000, "how much data to make")
	flag.BoolVar(&o.trace, "trace", false, "print what sentryctl tells, with times")
	flag.BoolVar(&o.keep, "keep", false, "leave the site and the repository as they are")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench-backup:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (err error) {
	root, err := setup.Root(".")
	if err != nil {
		return err
	}
	lab := setup.In(root, os.Stderr)
	if err := lab.Up(ctx); err != nil {
		return err
	}
	b, clean, err := newBench(ctx, lab, o)
	if clean != nil {
		defer func() { err = errors.Join(err, clean()) }()
	}
	if err != nil {
		return err
	}
	fmt.Printf("%s\nmaking %d MB: a quarter in PostgreSQL, a half in parts like ClickHouse's, a quarter in large objects\n", b.machine(ctx), o.megabytes)
	if err := b.fill(ctx); err != nil {
		return fmt.Errorf("make data: %w", err)
	}
	return b.measure(ctx)
}

// measure takes each way once.
func (b *bench) measure(ctx context.Context) error {
	var r report
	stopWrites, err := b.write(ctx)
	if err != nil {
		return err
	}
	defer stopWrites()
	stream, err := b.probe.Stream(ctx)
	if err != nil {
		return err
	}
	if err := settle(ctx); err != nil {
		return err
	}
	if r.first, err = b.backUp(ctx, stream, "sentryctl, first"); err != nil {
		return err
	}
	if err := b.change(ctx); err != nil {
		return fmt.Errorf("change data: %w", err)
	}
	if err := settle(ctx); err != nil {
		return err
	}
	if r.second, err = b.backUp(ctx, stream, "sentryctl, second"); err != nil {
		return err
	}
	missing, err := stream.Missing(ctx)
	if err != nil {
		return err
	}
	r.events, r.lost = r.first.Events+r.second.Events, len(missing)
	fmt.Printf("events taken during both: %d, lost: %d\n", r.events, r.lost)
	stopWrites()
	if r.documented, err = b.documented(ctx); err != nil {
		return err
	}
	if r.untar, err = b.untar(ctx); err != nil {
		return err
	}
	if r.restore, err = b.restore(ctx); err != nil {
		return err
	}
	r.print()
	if r.lost > 0 || r.first.Refused+r.second.Refused > 0 {
		return errors.New("events were lost")
	}
	return nil
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
