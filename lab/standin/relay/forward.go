package relay

import (
	"context"
	"encoding/json"

	"github.com/sentryctl/sentryctl/lab/standin/bus"
	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

// batch is how many events go to Kafka together.
const batch = 100

// forward empties the spool whenever something was added, until ctx ends.
// What cannot be delivered now stays.
func (r *relay) forward(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.spool.wake:
		}
		if proc.Retry(ctx, r.proc, "forward", r.drain) != nil {
			return
		}
	}
}

// drain sends batches until the spool is empty or one cannot be sent.
func (r *relay) drain(ctx context.Context) error {
	for {
		names, err := r.spool.oldest(batch)
		if err != nil || len(names) == 0 {
			return err
		}
		if err := r.deliver(ctx, names); err != nil {
			return err
		}
	}
}

// deliver removes from the spool what Kafka acknowledged, and what nobody may
// send. An acknowledged event whose file cannot be removed goes twice, which
// storage takes for one.
func (r *relay) deliver(ctx context.Context, names []string) error {
	var records []bus.Record
	for _, name := range names {
		it, ok := r.spool.read(name)
		if !ok {
			r.proc.Logf("dropped %s: it cannot be read", name)
			continue
		}
		owner, err := r.keys.project(ctx, it.Key)
		if err != nil {
			return err
		}
		if owner != it.ProjectID {
			r.proc.Logf("dropped event %s: its key is not of project %d", it.EventID, it.ProjectID)
			continue
		}
		value, err := json.Marshal(it.Ingest)
		if err != nil {
			r.proc.Logf("dropped event %s: %v", it.EventID, err)
			continue
		}
		records = append(records, bus.Record{Topic: topicOf(it.Type), Key: []byte(it.EventID), Value: value})
	}
	if len(records) > 0 {
		if err := r.send(ctx, records...); err != nil {
			return err
		}
	}
	for _, name := range names {
		if err := r.spool.remove(name); err != nil {
			return err
		}
	}
	return nil
}

func topicOf(kind string) string {
	switch kind {
	case "transaction":
		return bus.IngestTransactions
	case "attachment":
		return bus.IngestAttachments
	case "feedback":
		return bus.IngestFeedback
	}
	return bus.IngestEvents
}
