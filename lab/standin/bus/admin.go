package bus

import (
	"context"
	"fmt"
	"sort"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Admin asks the broker about topics and groups.
type Admin struct {
	cl  *kgo.Client
	adm *kadm.Client
}

// NewAdmin returns an Admin; it connects when it is first asked.
func NewAdmin(brokers []string) (*Admin, error) {
	cl, err := kgo.NewClient(append(basics(brokers), kgo.RetryTimeout(10*time.Second))...)
	if err != nil {
		return nil, fmt.Errorf("kafka client: %w", err)
	}
	return &Admin{cl: cl, adm: kadm.NewClient(cl)}, nil
}

// Close gives the connection up.
func (a *Admin) Close() { a.cl.Close() }

// Topics returns the topics with their numbers of partitions.
func (a *Admin) Topics(ctx context.Context) (map[string]int, error) {
	ds, err := a.adm.ListTopics(ctx)
	if err != nil {
		return nil, fmt.Errorf("list topics: %w", err)
	}
	out := make(map[string]int, len(ds))
	for name, d := range ds {
		out[name] = len(d.Partitions)
	}
	return out, nil
}

// CreateTopic makes one topic; one that exists is an error that wraps
// kerr.TopicAlreadyExists.
func (a *Admin) CreateTopic(ctx context.Context, name string, partitions int32) error {
	if _, err := a.adm.CreateTopic(ctx, partitions, 1, nil, name); err != nil {
		return fmt.Errorf("create topic %s: %w", name, err)
	}
	return nil
}

// DeleteTopic removes one topic with its records.
func (a *Admin) DeleteTopic(ctx context.Context, name string) error {
	if _, err := a.adm.DeleteTopic(ctx, name); err != nil {
		return fmt.Errorf("delete topic %s: %w", name, err)
	}
	return nil
}

// Groups returns the names of all consumer groups, sorted.
func (a *Admin) Groups(ctx context.Context) ([]string, error) {
	gs, err := a.adm.ListGroups(ctx)
	if err != nil {
		return nil, fmt.Errorf("list groups: %w", err)
	}
	names := gs.Groups()
	sort.Strings(names)
	return names, nil
}

// Lag is where a group stands in one partition.
type Lag struct {
	Topic            string
	Partition        int32
	Committed        int64 // -1: nothing yet
	End              int64
	Behind           int64
	Member, ClientID string // empty: nobody reads it
}

// GroupLag returns the group's state (Stable, Empty, …) and its partitions.
func (a *Admin) GroupLag(ctx context.Context, group string) (state string, lags []Lag, err error) {
	all, err := a.adm.Lag(ctx, group)
	if err != nil {
		return "", nil, fmt.Errorf("describe group %s: %w", group, err)
	}
	d := all[group]
	if err := d.Error(); err != nil {
		return "", nil, fmt.Errorf("describe group %s: %w", group, err)
	}
	for _, l := range d.Lag.Sorted() {
		one := Lag{Topic: l.Topic, Partition: l.Partition, Committed: l.Commit.At, End: l.End.Offset, Behind: l.Lag}
		if l.Member != nil {
			one.Member, one.ClientID = l.Member.MemberID, l.Member.ClientID
		}
		lags = append(lags, one)
	}
	return d.State, lags, nil
}

// Target is a place in a log.
type Target int

const (
	ToStart Target = iota
	ToEnd
)

// Reset sets what the group has committed of the topics to a place in their
// logs and returns the new offsets. The caller sees to it that nobody reads.
func (a *Admin) Reset(ctx context.Context, group string, to Target, topics ...string) ([]Lag, error) {
	list := a.adm.ListStartOffsets
	if to == ToEnd {
		list = a.adm.ListEndOffsets
	}
	found, err := list(ctx, topics...)
	if err != nil {
		return nil, fmt.Errorf("list offsets: %w", err)
	}
	if err := found.Error(); err != nil {
		return nil, fmt.Errorf("list offsets: %w", err)
	}
	var done []Lag
	found.Each(func(o kadm.ListedOffset) {
		done = append(done, Lag{Topic: o.Topic, Partition: o.Partition, Committed: o.Offset})
	})
	if err := a.adm.CommitAllOffsets(ctx, group, found.Offsets()); err != nil {
		return nil, fmt.Errorf("commit offsets of group %s: %w", group, err)
	}
	sort.Slice(done, func(i, j int) bool {
		return done[i].Topic < done[j].Topic || done[i].Topic == done[j].Topic && done[i].Partition < done[j].Partition
	})
	return done, nil
}

// Set puts a group at the given places, each brought within what its log
// holds as Kafka's own tool does, and returns where it stands now. The caller
// sees to it that nobody reads.
func (a *Admin) Set(ctx context.Context, group string, wanted []Lag) ([]Lag, error) {
	var topics []string
	for _, w := range wanted {
		topics = append(topics, w.Topic)
	}
	first, err := a.adm.ListStartOffsets(ctx, topics...)
	if err != nil {
		return nil, fmt.Errorf("list offsets: %w", err)
	}
	last, err := a.adm.ListEndOffsets(ctx, topics...)
	if err != nil {
		return nil, fmt.Errorf("list offsets: %w", err)
	}
	var offsets kadm.Offsets
	done := make([]Lag, 0, len(wanted))
	for _, w := range wanted {
		from, known := first.Lookup(w.Topic, w.Partition)
		to, alsoKnown := last.Lookup(w.Topic, w.Partition)
		if !known || !alsoKnown || from.Err != nil || to.Err != nil {
			return nil, fmt.Errorf("topic %s has no partition %d", w.Topic, w.Partition)
		}
		w.Committed = min(max(w.Committed, from.Offset), to.Offset)
		offsets.AddOffset(w.Topic, w.Partition, w.Committed, -1)
		done = append(done, w)
	}
	if err := a.adm.CommitAllOffsets(ctx, group, offsets); err != nil {
		return nil, fmt.Errorf("commit offsets of group %s: %w", group, err)
	}
	return done, nil
}
