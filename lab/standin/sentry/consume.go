package sentry

import (
	"context"
	"hash/fnv"
	"time"

	"github.com/sentryctl/sentryctl/lab/standin/bus"
	"github.com/sentryctl/sentryctl/lab/standin/proc"
	"github.com/sentryctl/sentryctl/lab/standin/sentry/conf"
	"github.com/sentryctl/sentryctl/lab/standin/sentry/db"
	"github.com/sentryctl/sentryctl/lab/standin/sentry/nodestore"
)

// runConsumer is `run consumer NAME`.
func runConsumer(ctx context.Context, p *proc.Proc, s conf.Settings) error {
	f := proc.ParseFlags(p.Args)
	name := f.Word(0)
	topics := bus.SentryConsumers()[name]
	if topics == nil {
		return proc.Exit(2, "Error: No consumer named %q in sentry.consumers.KAFKA_CONSUMERS", name)
	}
	return consume(ctx, p, s, consumer(f, s, f.Or("consumer-group", name), topics))
}

// oldConsumer is one of the commands that were before `run consumer`.
func oldConsumer(ctx context.Context, p *proc.Proc, s conf.Settings) error {
	f := proc.ParseFlags(p.Args, "all-consumer-types")
	kind := "post-process-forwarder"
	topics := []string{bus.Events}
	switch {
	case f.Has("topic"):
		kind, topics = "query-subscription-consumer", f.All("topic")
	case f.Has("all-consumer-types", "consumer-type"):
		kind, topics = "ingest-consumer", []string{bus.IngestEvents, bus.IngestAttachments, bus.IngestTransactions}
	}
	return consume(ctx, p, s, consumer(f, s, f.Or("consumer-group", f.Or("group", kind)), topics))
}

func consumer(f proc.Flags, s conf.Settings, group string, topics []string) bus.Consumer {
	return bus.Consumer{
		Brokers: s.Brokers, Group: group, Topics: topics, Lenient: f.Has("no-strict-offset-reset"),
		Latest: f.Or("auto-offset-reset", "latest") == "latest", HealthFile: f.Get("healthcheck-file-path", "health-check-file-path"),
	}
}

// consume runs a consumer. Only the one of events has work to do; the others
// join their group later, each at its own time, because dozens of them start
// at once on a small machine.
func consume(ctx context.Context, p *proc.Proc, s conf.Settings, c bus.Consumer) error {
	works := false
	for _, t := range c.Topics {
		works = works || t == bus.IngestEvents
	}
	if !works {
		return joinLate(ctx, p, c)
	}
	d, err := db.Open(ctx, s.Database)
	if err != nil {
		return err
	}
	defer d.Close()
	out, err := bus.NewProducer(s.Brokers, sendTimeout)
	if err != nil {
		return err
	}
	defer out.Close()
	in := &ingest{proc: p, db: d, nodes: nodestore.New(s, d), send: out.Send, orgs: map[int64]int64{}}
	c.Handle = in.handle
	if p.Getenv("STANDIN_DROP_EVENTS") == "1" {
		c.Handle = nil
	}
	return c.Run(ctx, p)
}

const (
	sendTimeout = 10 * time.Second
	minLate     = 2 * time.Second
	spreadLate  = 8 * time.Second
)

// joinLate is healthy as soon as the broker answers.
func joinLate(ctx context.Context, p *proc.Proc, c bus.Consumer) error {
	if err := reach(ctx, p, "kafka", c.Brokers); err != nil {
		return err
	}
	beat, stop := context.WithCancel(ctx)
	defer stop()
	go proc.TouchEverySecond(beat, c.HealthFile)
	h := fnv.New32a()
	h.Write([]byte(c.Topics[0] + c.Group + p.Getenv("HOSTNAME")))
	if !proc.Sleep(ctx, minLate+time.Duration(h.Sum32())%spreadLate) {
		return ctx.Err()
	}
	stop() // from here on the consumer itself says how it is
	return c.Run(ctx, p)
}
