package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

// Consumer reads topics as a member of a group.
type Consumer struct {
	Brokers    []string
	Group      string
	Topics     []string
	Lenient    bool // go on where the log allows when the committed offset is gone; else exit as upstream's strict reset does
	Latest     bool // with Lenient: at the end of the log, not at its start
	HealthFile string
	// Handle processes a batch; it is called again with the same batch until
	// it succeeds, and only then is the batch committed. Nil reads and forgets.
	Handle func(context.Context, []Record) error
}

const (
	batchRecords  = 200
	commitTimeout = 600 * time.Millisecond
)

// Run consumes until ctx ends; what was processed is committed by then. A
// group without a commit begins at the start of the log whatever the flags
// say, because an event posted before the first join must not be lost.
func (c Consumer) Run(ctx context.Context, p *proc.Proc) error {
	cl, err := kgo.NewClient(append(basics(c.Brokers),
		kgo.ConsumerGroup(c.Group),
		kgo.ConsumeTopics(c.Topics...),
		kgo.ClientID(p.Env("HOSTNAME", "standin")),
		kgo.DisableAutoCommit(),
		kgo.BlockRebalanceOnPoll(),
		kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()),
		kgo.ConsumeResetOffset(c.reset()),
		kgo.SessionTimeout(15*time.Second),
		kgo.HeartbeatInterval(time.Second),
		kgo.FetchMaxWait(5*time.Second),
		kgo.FetchMaxBytes(4<<20),
		kgo.FetchMaxPartitionBytes(1<<20),
	)...)
	if err != nil {
		return fmt.Errorf("kafka consumer: %w", err)
	}
	defer closeSoon(ctx, cl)
	if err := proc.Retry(ctx, p, "kafka", cl.Ping); err != nil {
		return err
	}
	go proc.TouchEverySecond(ctx, c.HealthFile)
	p.Logf("group %s reads %s", c.Group, strings.Join(c.Topics, " "))
	for ctx.Err() == nil {
		if err := c.step(ctx, p, cl); err != nil {
			return err
		}
	}
	return nil
}

func (c Consumer) reset() kgo.Offset {
	switch {
	case !c.Lenient:
		return kgo.NoResetOffset()
	case c.Latest:
		return kgo.NewOffset().AtEnd()
	}
	return kgo.NewOffset().AtStart()
}

// step polls one batch, processes and commits it.
func (c Consumer) step(ctx context.Context, p *proc.Proc, cl *kgo.Client) error {
	fetches := cl.PollRecords(ctx, batchRecords)
	defer cl.AllowRebalance()
	var failed error
	fetches.EachError(func(topic string, _ int32, err error) {
		switch {
		case ctx.Err() != nil:
		case errors.Is(err, kerr.OffsetOutOfRange):
			failed = proc.Exit(1, "OffsetOutOfRange: the offset committed by group %s is not in the log of topic %s any more", c.Group, topic)
		default:
			p.Logf("topic %s: %v", topic, err)
			proc.Sleep(ctx, 200*time.Millisecond)
		}
	})
	if failed != nil {
		return failed
	}
	if fetches.NumRecords() == 0 {
		return nil
	}
	if c.Handle != nil {
		batch := make([]Record, 0, fetches.NumRecords())
		fetches.EachRecord(func(r *kgo.Record) { batch = append(batch, Record{Topic: r.Topic, Key: r.Key, Value: r.Value}) })
		if err := proc.Retry(ctx, p, "batch", func(ctx context.Context) error { return c.Handle(ctx, batch) }); err != nil {
			return err
		}
	}
	// The batch is done even when SIGTERM came meanwhile: say so first.
	commit, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	if err := cl.CommitUncommittedOffsets(commit); err != nil && ctx.Err() == nil {
		p.Logf("commit: %v", err)
	}
	return nil
}

// closeSoon leaves the group, so that the next member need not wait for this
// one's session to time out, but does not hang on a broker that is gone.
func closeSoon(ctx context.Context, cl *kgo.Client) {
	leave, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	cl.LeaveGroupContext(leave) //nolint:errcheck // the session times out instead
	cl.CloseAllowingRebalance()
}
