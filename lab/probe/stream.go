package probe

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

const (
	betweenEvents = 50 * time.Millisecond
	// An answer that takes longer counts as none.
	slowPage  = 250 * time.Millisecond
	slowEvent = 5 * time.Second // what the least patient of Sentry's SDKs waits for, unless told otherwise
	// stored is how long events may take from the door into ClickHouse.
	stored = 2 * time.Minute
)

// Stream posts numbered events through the front door and asks its page, while
// something goes on that may interrupt both.
type Stream struct {
	probe        Probe
	key, project string
	next         int
	taken        []string // IDs that the door has taken
}

// Stream begins a stream. The IDs of its events are numbers.
func (p Probe) Stream(ctx context.Context) (*Stream, error) {
	key, project, err := p.Key(ctx)
	return &Stream{probe: p, key: key, project: project}, err
}

// Seen is what was seen from outside while something went on.
type Seen struct {
	UI, Ingest time.Duration // without an answer
	Slowest    time.Duration // answer to an event that the door has taken
	Events     int           // that the door has taken
	Refused    int           // that it has not
}

// During posts and asks until do has ended.
func (s *Stream) During(ctx context.Context, do func() error) (Seen, error) {
	watched, cancel := context.WithCancel(ctx)
	defer cancel()
	var out Seen
	var over atomic.Bool
	events := make(chan struct{})
	before := len(s.taken)
	go func() { defer close(events); s.post(watched, &over, &out) }()
	var err error
	out.UI, err = s.probe.UIDuring(watched, do)
	over.Store(true) // an event that is under way still counts
	<-events
	out.Events = len(s.taken) - before
	return out, err
}

// UIDuring is for how long the page did not answer while do went on.
func (p Probe) UIDuring(ctx context.Context, do func() error) (time.Duration, error) {
	watched, cancel := context.WithCancel(ctx)
	defer cancel()
	gap := make(chan time.Duration, 1)
	go func() { gap <- p.away(watched) }()
	err := do()
	cancel()
	return <-gap, err
}

func (s *Stream) post(ctx context.Context, over *atomic.Bool, seen *Seen) {
	for last := time.Now(); !over.Load() && ctx.Err() == nil; {
		began := time.Now()
		s.next++
		id := fmt.Sprintf("be7c4%027d", s.next)
		err := s.send(ctx, id)
		now := time.Now()
		if err != nil {
			seen.Refused++
			seen.Ingest += now.Sub(last) // with the pause before it
		} else {
			s.taken = append(s.taken, id)
			seen.Slowest = max(seen.Slowest, now.Sub(began))
		}
		last = now
		pause(ctx, betweenEvents)
	}
}

func (s *Stream) send(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, slowEvent)
	defer cancel()
	return s.probe.Send(ctx, s.key, s.project, id)
}

// Missing waits until ClickHouse has all events that the door has taken, and
// returns those that it still has not after two minutes.
func (s *Stream) Missing(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, stored)
	defer cancel()
	missing := s.taken
	for {
		out, err := s.probe.exec(ctx, "clickhouse", "clickhouse-client", "-q", "SELECT event_id FROM default.errors_local WHERE project_id = "+s.project)
		switch {
		case ctx.Err() != nil: // the answer may have been cut: what was found before it counts
			return missing, nil
		case err != nil:
			return nil, err
		}
		have := map[string]bool{}
		for id := range strings.FieldsSeq(strings.ReplaceAll(out, "-", "")) {
			have[id] = true
		}
		missing = slices.DeleteFunc(slices.Clone(s.taken), func(id string) bool { return have[id] })
		if len(missing) == 0 {
			return nil, nil
		}
		pause(ctx, 500*time.Millisecond)
	}
}

// away asks the front door's page until ctx ends, and says for how long it did
// not answer.
func (p Probe) away(ctx context.Context) (away time.Duration) {
	client := http.Client{Timeout: slowPage}
	url := strings.TrimSuffix(p.URL, "/") + "/_health/"
	for last := time.Now(); ; {
		good := answers(ctx, client, url)
		now := time.Now()
		if ctx.Err() != nil {
			return away
		}
		if !good {
			away += now.Sub(last) // with the pause before it
		}
		last = now
		pause(ctx, 20*time.Millisecond)
	}
}

func answers(ctx context.Context, client http.Client, url string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	resp, err := client.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	return resp.StatusCode < http.StatusBadRequest
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
