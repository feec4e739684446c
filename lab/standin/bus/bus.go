// Package bus is how the stand-in's roles speak to the Kafka broker: a
// consumer that hands over batches and commits them, a producer that waits
// for the acknowledgement, and topic creation. What the topics mean stands
// in topics.go; the broker itself is another package.
package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

// DefaultBroker is where a stack's broker answers.
const DefaultBroker = "kafka:9092"

// Brokers finds the broker's address in the environment, where upstream's
// images look for it.
func Brokers(p *proc.Proc) []string {
	for _, name := range []string{
		"DEFAULT_BROKERS", "KAFKA_BOOTSTRAP_SERVERS", "TASKBROKER_KAFKA_CLUSTERS__DEFAULT__ADDRESS",
		"TASKBROKER_KAFKA_CLUSTER", "UPTIME_CHECKER_RESULTS_KAFKA_CLUSTER", "SENTRY_KAFKA_BROKERS_PROFILING",
	} {
		if v := p.Getenv(name); v != "" {
			return strings.Split(v, ",")
		}
	}
	return []string{DefaultBroker}
}

// Record is one message.
type Record struct {
	Topic      string
	Key, Value []byte
}

// Producer sends records and waits until the broker has them.
type Producer struct{ cl *kgo.Client }

// NewProducer returns a producer; it connects when it first sends. Send
// gives up after the timeout, so that the caller can keep the record.
func NewProducer(brokers []string, timeout time.Duration) (*Producer, error) {
	cl, err := kgo.NewClient(append(basics(brokers),
		kgo.DisableIdempotentWrite(),
		kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.ProducerBatchCompression(kgo.NoCompression()),
		kgo.ProducerLinger(0),
		kgo.ProducerBatchMaxBytes(maxMessage),
		kgo.RecordDeliveryTimeout(timeout),
		kgo.ProduceRequestTimeout(timeout),
		kgo.UnknownTopicRetries(10),
	)...)
	if err != nil {
		return nil, fmt.Errorf("kafka producer: %w", err)
	}
	return &Producer{cl: cl}, nil
}

// maxMessage is what upstream's compose files allow a message to weigh.
const maxMessage = 50_000_000

func basics(brokers []string) []kgo.Opt {
	return []kgo.Opt{
		kgo.SeedBrokers(brokers...),
		kgo.AllowAutoTopicCreation(),
		kgo.MetadataMinAge(100 * time.Millisecond),
		kgo.MetadataMaxAge(time.Minute),
		kgo.DialTimeout(2 * time.Second),
		kgo.RetryBackoffFn(func(tries int) time.Duration { return min(time.Duration(tries)*50*time.Millisecond, time.Second) }),
	}
}

// Send returns when all records are stored or one could not be.
func (p *Producer) Send(ctx context.Context, records ...Record) error {
	rs := make([]*kgo.Record, len(records))
	for i, r := range records {
		rs[i] = &kgo.Record{Topic: r.Topic, Key: r.Key, Value: r.Value}
	}
	if err := p.cl.ProduceSync(ctx, rs...).FirstErr(); err != nil {
		return fmt.Errorf("send to kafka: %w", err)
	}
	return nil
}

// Close gives the connection up.
func (p *Producer) Close() { p.cl.Close() }

// CreateTopics creates the topics that are missing, one partition each, and
// returns those that it made.
func CreateTopics(ctx context.Context, brokers []string, topics ...string) ([]string, error) {
	cl, err := kgo.NewClient(basics(brokers)...)
	if err != nil {
		return nil, fmt.Errorf("kafka client: %w", err)
	}
	defer cl.Close()
	res, err := kadm.NewClient(cl).CreateTopics(ctx, 1, 1, nil, topics...)
	if err != nil {
		return nil, fmt.Errorf("create topics: %w", err)
	}
	var made []string
	for _, r := range res.Sorted() {
		switch {
		case r.Err == nil:
			made = append(made, r.Topic)
		case !errors.Is(r.Err, kerr.TopicAlreadyExists):
			return made, fmt.Errorf("create topic %s: %w", r.Topic, r.Err)
		}
	}
	return made, nil
}
