package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// stream posts numbered events through the front door.
type stream struct {
	b            *bench
	key, project string
	next         int
	taken        []string // IDs that the door has taken
}

const (
	betweenEvents = 50 * time.Millisecond
	// An answer that takes longer counts as away.
	slowPage  = 250 * time.Millisecond
	slowEvent = time.Second // an SDK waits for seconds, and no person does
)

func (b *bench) newStream(ctx context.Context) (*stream, error) {
	key, project, err := b.probe.Key(ctx)
	return &stream{b: b, key: key, project: project}, err
}

// seen is what was seen from outside while something went on.
type seen struct {
	ui, ingest time.Duration // away
	refused    int           // events that the door did not take
}

// during posts and asks until do has ended.
func (s *stream) during(ctx context.Context, do func() error) (seen, error) {
	watched, cancel := context.WithCancel(ctx)
	defer cancel()
	var out seen
	var over atomic.Bool
	ui, events := make(chan struct{}), make(chan struct{})
	go func() { defer close(ui); out.ui = watch(watched) }()
	go func() { defer close(events); out.ingest, out.refused = s.post(watched, &over) }()
	err := do()
	over.Store(true) // an event that is under way still counts
	<-events
	cancel()
	<-ui
	return out, err
}

func (s *stream) post(ctx context.Context, over *atomic.Bool) (away time.Duration, refused int) {
	for !over.Load() && ctx.Err() == nil {
		began := time.Now()
		s.next++
		id := fmt.Sprintf("be7c4%027d", s.next)
		err := s.b.probe.Send(ctx, s.key, s.project, id)
		took := time.Since(began)
		if err != nil {
			refused++
		} else {
			s.taken = append(s.taken, id)
		}
		if err != nil || took > slowEvent {
			away += took
		}
		select {
		case <-ctx.Done():
		case <-time.After(betweenEvents):
		}
	}
	return away, refused
}

// check waits until ClickHouse has all events that the door has taken, and
// says how many it has not.
func (s *stream) check(ctx context.Context) (events, lost int, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for {
		out, err := s.b.Docker.Output(ctx, "exec", prefix+"-clickhouse-1", "clickhouse-client", "-q",
			"SELECT event_id FROM default.errors_local WHERE project_id = "+s.project)
		if err != nil && ctx.Err() == nil {
			return 0, 0, err
		}
		have := map[string]bool{}
		for id := range strings.FieldsSeq(strings.ReplaceAll(out, "-", "")) {
			have[id] = true
		}
		missing := 0
		for _, id := range s.taken {
			if !have[id] {
				missing++
			}
		}
		if missing == 0 || ctx.Err() != nil {
			return len(s.taken), missing, nil
		}
		select {
		case <-ctx.Done():
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// watch asks the UI until ctx ends, and says for how long it was away.
func watch(ctx context.Context) (away time.Duration) {
	client := http.Client{Timeout: slowPage}
	for last := time.Now(); ; {
		good := answers(ctx, client, url+"/_health/")
		now := time.Now()
		if ctx.Err() != nil {
			return away
		}
		if !good {
			away += now.Sub(last) // with the pause before it
		}
		last = now
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
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
