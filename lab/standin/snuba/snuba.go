// Package snuba owns Sentry's query service as a stack sees it: the API that
// finds an event, the consumers that fill ClickHouse, and the commands that
// make topics and tables.
package snuba

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/sentryctl/sentryctl/lab/standin/bus"
	"github.com/sentryctl/sentryctl/lab/standin/clickhouse"
	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

const defaultVersion = "25.10.0"

// Run is snuba; without a command it is the API. A first word that is none of
// its commands is a program, as the real image's entry point has it.
func Run(ctx context.Context, p *proc.Proc) error {
	command := "api"
	if len(p.Args) > 0 {
		command, p = p.Args[0], p.With(p.Args[1:])
	}
	switch command {
	case "api":
		return api(ctx, p)
	case "consumer", "rust-consumer", "accepted-outcomes-consumer":
		return consume(ctx, p)
	case "replacer":
		return replace(ctx, p)
	case "subscriptions", "subscriptions-scheduler", "subscriptions-executor", "subscriptions-scheduler-executor":
		return subscribe(ctx, p)
	case "bootstrap":
		return bootstrap(ctx, p)
	case "migrations":
		return migrations(ctx, p)
	case "cleanup", "optimize":
		return nil
	case "--version":
		p.Printf("snuba, version %s\n", p.Env("STANDIN_VERSION", defaultVersion))
		return nil
	}
	return proc.Become(append([]string{command}, p.Args...)...)
}

func store(p *proc.Proc) clickhouse.Conn { return clickhouse.Conn{Host: clickhouse.HostOf(p.Getenv)} }

// options reads a consumer's flags.
func options(p *proc.Proc) proc.Flags {
	return proc.ParseFlags(p.Args, "use-rust-processor", "skip-write", "verbose", "force", "check-dlq")
}

// reader is what all consumers have in common.
func reader(p *proc.Proc, f proc.Flags, group string, topics ...string) bus.Consumer {
	return bus.Consumer{
		Brokers:    bus.Brokers(p),
		Group:      f.Or("consumer-group", group),
		Topics:     topics,
		Lenient:    f.Has("no-strict-offset-reset"),
		Latest:     f.Get("auto-offset-reset") == "latest",
		HealthFile: f.Get("health-check-file"),
	}
}

func consume(ctx context.Context, p *proc.Proc) error {
	f := options(p)
	storage := f.Get("storage")
	topic := bus.SnubaStorages()[storage]
	if storage == "events" { // the name of errors before 23
		topic = bus.Events
	}
	topic = cmp.Or(f.Get("raw-events-topic"), f.Get("accepted-outcomes-topic"), topic)
	if topic == "" {
		return proc.Exit(2, "Error: Invalid value for '--storage': %q is not one of %v", storage, slices.Sorted(maps.Keys(bus.SnubaStorages())))
	}
	c := reader(p, f, "snuba-consumers", topic)
	if storage == "errors" || storage == "events" {
		c.Handle = insertErrors(p)
	}
	return c.Run(ctx, p)
}

func replace(ctx context.Context, p *proc.Proc) error {
	f := options(p)
	return reader(p, f, "snuba-replacers", cmp.Or(f.Get("replacements-topic"), "event-replacements")).Run(ctx, p)
}

func subscribe(ctx context.Context, p *proc.Proc) error {
	f := options(p)
	seen := map[string]bool{}
	for _, entity := range f.All("entity") {
		topic := bus.SchedulerTopics()[entity]
		if topic == "" {
			return proc.Exit(2, "Error: Invalid value for '--entity': %q is not one of %v", entity, slices.Sorted(maps.Keys(bus.SchedulerTopics())))
		}
		seen[topic] = true
	}
	if len(seen) == 0 {
		seen[bus.CommitLog] = true
	}
	return reader(p, f, "snuba-subscriptions", slices.Sorted(maps.Keys(seen))...).Run(ctx, p)
}

// patience is how long one-off commands wait for Kafka and ClickHouse.
const patience = time.Minute

// bootstrap makes the topics and, unless told otherwise, the tables.
func bootstrap(ctx context.Context, p *proc.Proc) error {
	f := proc.ParseFlags(p.Args, "force", "migrate", "no-migrate")
	if !f.Has("force") {
		return proc.Exit(1, "Error: Must use --force to run")
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := proc.Retry(ctx, p, "kafka", func(ctx context.Context) error {
		made, err := bus.CreateTopics(ctx, bus.Brokers(p), bus.AllTopics()...)
		for _, t := range made {
			p.Logf("topic %s created", t)
		}
		return err
	})
	if err != nil {
		return proc.Exit(1, "kafka: %v", err)
	}
	if f.Has("no-migrate") {
		return nil
	}
	return migrate(ctx, p)
}
