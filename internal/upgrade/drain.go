package upgrade

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/health"
	"github.com/sentryctl/sentryctl/internal/release"
)

// drainer reads Kafka out through the consumers of a project that runs.
type drainer struct {
	stack Stack
	sink  event.Sink
	pause time.Duration // between two looks
	now   func() time.Time
	seen  map[string]bool // groups that had a running member
}

const (
	// drainStall is for how long what waits may not get less.
	drainStall = 2 * time.Minute
	// emptyLooks is how often in a row nothing may wait: what one consumer has read
	// another may have to read again, and the groups are not looked at all at once.
	emptyLooks = 2
)

// run closes the door of a site that works and lets all be read; then those end whose
// work makes more, and what they have left is read too. It says where the groups stand
// then.
func (d drainer) run(ctx context.Context) ([]backup.Offset, error) {
	m := d.stack.Model()
	all, err := whole(ctx, d.stack)
	if err == nil && !all { // a hop that was cut off has stopped some
		err = d.stack.Start(ctx, named(m, func(name string) bool { return name != "relay" && name != "nginx" })...)
	}
	if err != nil {
		return nil, err
	}
	for _, ends := range []func(string) bool{func(name string) bool { return name == "relay" }, makesEvents} {
		if list := named(m, ends); len(list) > 0 { // none would mean all
			if err := d.stack.Stop(ctx, list...); err != nil {
				return nil, err
			}
		}
		if err := d.read(ctx); err != nil {
			return nil, err
		}
	}
	return backup.AskOffsets(ctx, d.stack)
}

// whole tells whether all runs.
func whole(ctx context.Context, s Stack) (bool, error) {
	list, err := s.Status(ctx)
	if err != nil {
		return false, err
	}
	for _, st := range list {
		if st.State != "running" && !st.Completed {
			return false, nil
		}
	}
	return true, nil
}

// makesEvents tells of a service that writes into Kafka what comes from elsewhere:
// from people, the clock, or the queue of tasks.
func makesEvents(name string) bool {
	return name == "web" || name == "cron" || strings.Contains(name, "worker")
}

func named(m release.Model, want func(string) bool) (list []string) {
	for _, s := range m.Services {
		if want(s.Name) {
			list = append(list, s.Name)
		}
	}
	return list
}

// read waits until nothing waits any more, for as long as it gets less.
func (d drainer) read(ctx context.Context) error {
	empty, least, since := 0, int64(-1), d.now()
	for {
		left, worst, err := d.look(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case fault.CodeOf(err) == fault.NoEngine:
			return err
		case err != nil:
			empty = 0
		case left == 0:
			if empty++; empty == emptyLooks {
				return nil
			}
			continue
		default:
			empty = 0
			if least < 0 || left < least {
				least, since = left, d.now()
				d.sink.Emit(event.Log{Source: kafka, Text: fmt.Sprintf("%d messages wait for consumers", left)})
			}
			err = fmt.Errorf("%d messages wait for consumers, most of them for group %s in topic %s (%d)", left, worst.Group, worst.Topic, worst.Messages)
		}
		if d.now().Sub(since) >= drainStall {
			return fault.New(fault.Resumable, "Look at that consumer's output: docker compose logs --tail 50 SERVICE. The release's Kafka does not take over what waits",
				"consumers do not read Kafka to its end; for %s it has not got less: %w", drainStall, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(d.pause):
		}
	}
}

// look adds up what waits. Topics that only say when to look count for nothing: their
// readers may stay behind for as long as nothing comes in. A group whose members are
// not told any more is being divided anew: what waits for it is not known. One without
// a member counts where a service of the project names it: its consumer hangs.
func (d drainer) look(ctx context.Context) (left int64, worst health.Waits, err error) {
	list, err := health.Waiting(ctx, d.stack)
	if err != nil {
		return 0, worst, err
	}
	groups := map[string]bool{}
	for _, w := range list {
		if w.Read {
			groups[w.Group], d.seen[w.Group] = true, true
		}
	}
	if len(groups) == 0 {
		return 0, worst, errors.New("Kafka knows no consumer that runs")
	}
	for group := range d.seen {
		if !groups[group] {
			return 0, worst, fmt.Errorf("no consumer of group %s runs any more", group)
		}
	}
	for _, w := range list {
		leftOver := !w.Read && !d.names(w.Group) // an older release's
		if leftOver || strings.Contains(w.Topic, "commit-log") || strings.Contains(w.Topic, "subscription") {
			continue
		}
		left += w.Messages
		if w.Messages > worst.Messages {
			worst = w
		}
	}
	return left, worst, nil
}

// names tells that the command of a service names a group.
func (d drainer) names(group string) bool {
	return slices.ContainsFunc(d.stack.Model().Services, func(s release.Service) bool {
		return slices.ContainsFunc(s.Command, func(word string) bool { return word == group || strings.HasSuffix(word, "consumer-group="+group) })
	})
}
