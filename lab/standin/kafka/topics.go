package kafka

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/sentryctl/sentryctl/lab/standin/bus"
	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

// Topics is kafka-topics: --list, --create, --describe, --delete.
func Topics(ctx context.Context, p *proc.Proc) error {
	f := proc.ParseFlags(p.Args, "list", "create", "describe", "delete", "if-not-exists", "if-exists", "exclude-internal")
	adm, err := bus.NewAdmin(server(p, f))
	if err != nil {
		return err
	}
	defer adm.Close()
	switch {
	case f.Has("list"):
		return listTopics(ctx, p, adm)
	case f.Has("create"):
		return createTopic(ctx, p, adm, f)
	case f.Has("delete"):
		return adm.DeleteTopic(ctx, f.Get("topic"))
	case f.Has("describe"):
		return describeTopics(ctx, p, adm, f.Get("topic"))
	}
	return proc.Exit(1, "kafka-topics: give --list, --create, --describe or --delete")
}

// server is the broker that a tool was told to ask.
func server(p *proc.Proc, f proc.Flags) []string {
	if s := f.Get("bootstrap-server"); s != "" {
		return strings.Split(s, ",")
	}
	return bus.Brokers(p)
}

func listTopics(ctx context.Context, p *proc.Proc, adm *bus.Admin) error {
	topics, err := adm.Topics(ctx)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(topics)) {
		p.Printf("%s\n", name)
	}
	return nil
}

func createTopic(ctx context.Context, p *proc.Proc, adm *bus.Admin, f proc.Flags) error {
	name := f.Get("topic")
	if name == "" {
		return proc.Exit(1, "kafka-topics: --create needs --topic")
	}
	partitions, err := strconv.ParseInt(f.Or("partitions", "1"), 10, 32)
	if err != nil || partitions < 1 {
		return proc.Exit(1, "kafka-topics: --partitions %s is no number of partitions", f.Get("partitions"))
	}
	err = adm.CreateTopic(ctx, name, int32(partitions))
	switch {
	case errors.Is(err, kerr.TopicAlreadyExists) && f.Has("if-not-exists"):
		return nil
	case errors.Is(err, kerr.TopicAlreadyExists):
		return proc.Exit(1, "Error while executing topic command : Topic '%s' already exists.", name)
	case err != nil:
		return err
	}
	p.Printf("Created topic %s.\n", name)
	return nil
}

func describeTopics(ctx context.Context, p *proc.Proc, adm *bus.Admin, only string) error {
	topics, err := adm.Topics(ctx)
	if err != nil {
		return err
	}
	if _, found := topics[only]; only != "" && !found {
		return proc.Exit(1, "Error while executing topic command : Topic '%s' does not exist as expected", only)
	}
	for _, name := range slices.Sorted(maps.Keys(topics)) {
		if only != "" && name != only {
			continue
		}
		p.Printf("Topic: %s\tPartitionCount: %d\tReplicationFactor: 1\tConfigs:\n", name, topics[name])
		for i := range topics[name] {
			p.Printf("\tTopic: %s\tPartition: %d\tLeader: 0\tReplicas: 0\tIsr: 0\n", name, i)
		}
	}
	return nil
}
