// Command bench-install installs one release of the lab twice on the same
// Engine, again and again: once the way a person does today, with public tools
// alone, and once with sentryctl. It prints both medians and their ratio.
package main

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"time"

	"github.com/sentryctl/sentryctl/lab/bench"
	"github.com/sentryctl/sentryctl/lab/setup"
)

type options struct {
	version   string
	rounds    int
	compose   string
	sentryctl string
	goal      float64
}

func main() {
	var o options
	flag.StringVar(&o.version, "version", "25.10.0", "release of the lab to install")
	flag.IntVar(&o.rounds, "rounds", 3, "how often each way is taken")
	flag.StringVar(&o.compose, "compose", "build/bench/cmd", "the Compose plugin, run on its own")
	flag.StringVar(&o.sentryctl, "sentryctl", "bin/sentryctl", "the binary to measure")
	flag.Float64Var(&o.goal, "goal", 0.25, "the ratio to reach")
	flag.Parse()
	bench.Main("bench-install", func(ctx context.Context, lab setup.Setup) error { return run(ctx, lab, o) })
}

// way is one way to install: from a clean state to a ready front door.
type way struct {
	name    string
	install func(context.Context, place) error
	times   []time.Duration
}

// run takes both ways in turn, so that whatever else the machine does meets
// both alike.
func run(ctx context.Context, lab setup.Setup, o options) error {
	ways := []*way{
		{name: "public tools", install: publicTools{compose: o.compose}.install},
		{name: "sentryctl", install: ours{binary: o.sentryctl}.install},
	}
	fmt.Printf("installing the lab's %s on Docker Engine, %d rounds, images present\n", o.version, o.rounds)
	for round := range o.rounds {
		for _, w := range ways {
			took, err := w.measure(ctx, lab, o.version)
			if err != nil {
				return fmt.Errorf("%s: %w", w.name, err)
			}
			fmt.Printf("round %d  %-12s  %6.1f s\n", round+1, w.name, took.Seconds())
		}
	}
	today, now := median(ways[0].times), median(ways[1].times)
	ratio := now.Seconds() / today.Seconds()
	fmt.Printf("median   %-12s  %6.1f s\nmedian   %-12s  %6.1f s\nratio    %.3f (to reach: %.2f or less)\n",
		ways[0].name, today.Seconds(), ways[1].name, now.Seconds(), ratio, o.goal)
	return nil
}

func (w *way) measure(ctx context.Context, lab setup.Setup, version string) (time.Duration, error) {
	p, clean, err := newPlace(ctx, lab, version)
	if err != nil {
		return 0, err
	}
	defer func() { _ = clean() }() // the next round clears again and tells what is wrong
	begin := time.Now()
	if err := w.install(ctx, p); err != nil {
		return 0, err
	}
	if err := p.ready(ctx); err != nil {
		return 0, err
	}
	took := time.Since(begin)
	w.times = append(w.times, took)
	return took, nil
}

func median(times []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[len(sorted)/2]
}
