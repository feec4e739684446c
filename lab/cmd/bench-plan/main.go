// Command bench-plan installs a release of the lab and plans its upgrade again
// and again, in turn with "sentryctl version", which does nothing but start. It
// prints the shortest and the median time of both and the ratio of the medians.
package main

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/sentryctl/sentryctl/lab/bench"
	"github.com/sentryctl/sentryctl/lab/setup"
	"github.com/sentryctl/sentryctl/lab/trees"
)

const (
	prefix = "sentryctl-lab-planned"
	bind   = "127.0.0.1:19093"
)

type options struct {
	version, binary string
	rounds          int
}

func main() {
	var o options
	flag.StringVar(&o.version, "version", "23.6.2", "release of the lab to plan from")
	flag.StringVar(&o.binary, "sentryctl", "bin/sentryctl", "the binary to measure")
	flag.IntVar(&o.rounds, "rounds", 20, "how often")
	flag.Parse()
	bench.Main("bench-plan", func(ctx context.Context, lab setup.Setup) error { return run(ctx, lab, o) })
}

func run(ctx context.Context, lab setup.Setup, o options) error {
	dir, clean, err := bench.Scratch(ctx, lab, prefix)
	if err != nil {
		return err
	}
	defer func() { _ = clean() }() // the next run clears again and tells what is wrong
	site, source := filepath.Join(dir, "site"), filepath.Join(dir, "release")
	if err := trees.Write(source, o.version, trees.Options{Prefix: prefix, Bind: bind}); err != nil {
		return err
	}
	if _, err := bench.Command(ctx, "", "", o.binary, "install", "--site", site, "--source", source, "--version", o.version,
		"--admin-email", "admin@example.com", "--ignore", bench.LabIgnores, "--yes"); err != nil {
		return err
	}
	var starts, plans []time.Duration
	for range o.rounds {
		if starts, err = timed(ctx, starts, o.binary, "version"); err != nil {
			return err
		}
		if plans, err = timed(ctx, plans, o.binary, "upgrade", "--plan", "--site", site); err != nil {
			return err
		}
	}
	slices.Sort(starts)
	slices.Sort(plans)
	start, plan := starts[o.rounds/2], plans[o.rounds/2]
	fmt.Printf("version         at least %v, median %v\nupgrade --plan  at least %v, median %v\nratio           %.2f\n",
		short(starts[0]), short(start), short(plans[0]), short(plan), plan.Seconds()/start.Seconds())
	return nil
}

func timed(ctx context.Context, times []time.Duration, argv ...string) ([]time.Duration, error) {
	begin := time.Now()
	_, err := bench.Command(ctx, "", "", argv...)
	return append(times, time.Since(begin)), err
}

func short(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }
