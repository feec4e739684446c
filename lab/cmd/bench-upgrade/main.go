// Command bench-upgrade takes one hop of the lab twice on the same Engine, from
// the same state and with the same images: once the ordinary way (down, new
// tree, build, migrate, up --wait) and once with sentryctl. Numbered events come
// in meanwhile. It prints for how long UI and ingest were away, what was lost,
// and the ratio, and ends with 1 when the goal is missed or an event is lost.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"time"

	"github.com/sentryctl/sentryctl/lab/bench"
	"github.com/sentryctl/sentryctl/lab/probe"
	"github.com/sentryctl/sentryctl/lab/setup"
)

type options struct {
	from, to, compose, sentryctl string
	goal                         float64
}

func main() {
	var o options
	flag.StringVar(&o.from, "from", "23.6.2", "release of the lab to begin with")
	flag.StringVar(&o.to, "to", "23.11.0", "release to go to, in one hop")
	flag.StringVar(&o.compose, "compose", "build/bench/cmd", "the Compose plugin, run on its own")
	flag.StringVar(&o.sentryctl, "sentryctl", "bin/sentryctl", "the binary to measure")
	flag.Float64Var(&o.goal, "goal", 1.0/3, "the ratio of the UI's gaps to reach")
	flag.Parse()
	bench.Main("bench-upgrade", func(ctx context.Context, lab setup.Setup) error { return run(ctx, lab, o) })
}

// result is what one way came to.
type result struct {
	probe.Seen
	took time.Duration
	lost int
}

func run(ctx context.Context, lab setup.Setup, o options) (err error) {
	for _, path := range []*string{&o.sentryctl, &o.compose} {
		if *path, err = filepath.Abs(*path); err != nil {
			return err
		}
	}
	fmt.Printf("the hop %s to %s, images present, events coming in\n", o.from, o.to)
	ordinary, err := measure(ctx, lab, o, "ordinary way", byHand)
	if err != nil {
		return err
	}
	ours, err := measure(ctx, lab, o, "sentryctl", withSentryctl)
	if err != nil {
		return err
	}
	ratio, err := bench.Goal("UI gap", ours.UI, ordinary.UI, o.goal)
	fmt.Printf("UI gap, sentryctl to the ordinary way: %.3f (to reach: %.3f or less)\n", ratio, o.goal)
	if ours.lost > 0 {
		err = errors.Join(err, fmt.Errorf("%d events were lost", ours.lost))
	}
	return err
}

func measure(ctx context.Context, lab setup.Setup, o options, name string, upgrade func(context.Context, place) error) (r result, err error) {
	p, clean, err := newPlace(ctx, lab, o)
	if clean != nil {
		defer func() { err = errors.Join(err, clean()) }()
	}
	if err != nil {
		return r, fmt.Errorf("%s: %w", name, err)
	}
	events, err := p.probe.Stream(ctx)
	if err != nil {
		return r, fmt.Errorf("%s: %w", name, err)
	}
	began := time.Now()
	r.Seen, err = events.During(ctx, func() error { return upgrade(ctx, p) })
	r.took = time.Since(began)
	if err != nil {
		return r, fmt.Errorf("%s: %w", name, err)
	}
	missing, err := events.Missing(ctx)
	r.lost = len(missing)
	fmt.Printf("%-13s took %6.1f s   UI away %6.1f s   ingest away %6.1f s   events: %d taken, %d refused, %d lost\n",
		name, r.took.Seconds(), r.UI.Seconds(), r.Ingest.Seconds(), r.Events, r.Refused, r.lost)
	return r, err
}
