package health

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Watch measures from outside for how long doors did not answer while
// something else was done. Four times a second each is asked anew, whether or
// not it has answered before.
type Watch struct {
	Doors  map[string]Door
	Every  time.Duration // 0: 250 ms
	Limit  time.Duration // an answer that takes longer is none; 0: 1 s
	Client *http.Client  // nil: one without a proxy
}

// Door is a URL and the lowest status that means that nobody is there: an
// ingest endpoint that says 405 is alive.
type Door struct {
	URL    string
	Host   string // header, "" for the URL's
	Failed int
	Moved  string // URL at which it answers too, before or after a change of address; "" for none
}

// span is a time in which a door did not answer.
type span struct{ from, to time.Time }

// Start begins. stop ends it, waits for what is under way and returns, for
// each door, the sum of the times in which it did not answer.
func (w Watch) Start(ctx context.Context) (stop func() map[string]time.Duration) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var asking sync.WaitGroup
	var mu sync.Mutex
	closed := map[string][]span{}
	asking.Go(func() {
		tick := time.NewTicker(cmp.Or(w.Every, 250*time.Millisecond))
		defer tick.Stop()
		for {
			for name, door := range w.Doors {
				asking.Go(func() {
					if s, ok := w.ask(ctx, door); !ok {
						mu.Lock()
						defer mu.Unlock()
						closed[name] = append(closed[name], s)
					}
				})
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	})
	return func() map[string]time.Duration {
		cancel()
		asking.Wait()
		sums := map[string]time.Duration{}
		for name := range w.Doors {
			sums[name] = union(closed[name])
		}
		return sums
	}
}

// Answers asks each door once, and says which of them answer in time.
func (w Watch) Answers(ctx context.Context) map[string]bool {
	answers := map[string]bool{}
	for name, door := range w.Doors {
		bounded, cancel := context.WithTimeout(ctx, cmp.Or(w.Limit, time.Second))
		answers[name] = w.get(bounded, door) == nil
		cancel()
	}
	return answers
}

// ask asks once. An answer that comes late ends the span in which there was
// none; one that is cut short by the end of the watch says nothing.
func (w Watch) ask(ctx context.Context, door Door) (span, bool) {
	s := span{from: time.Now()}
	bounded, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	err := w.get(bounded, door)
	s.to = time.Now()
	if ctx.Err() != nil && s.to.Sub(s.from) < cmp.Or(w.Limit, time.Second) {
		return s, true
	}
	return s, err == nil && s.to.Sub(s.from) < cmp.Or(w.Limit, time.Second)
}

func (w Watch) get(ctx context.Context, door Door) error {
	err := w.getAt(ctx, door, door.URL)
	if err != nil && door.Moved != "" {
		return w.getAt(ctx, door, door.Moved)
	}
	return err
}

func (w Watch) getAt(ctx context.Context, door Door, at string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return err
	}
	if door.Host != "" {
		req.Host = door.Host
	}
	res, err := w.client().Do(req)
	if err != nil {
		return err
	}
	res.Body.Close()
	if res.StatusCode >= door.Failed {
		return http.ErrNotSupported
	}
	return nil
}

func (w Watch) client() *http.Client {
	if w.Client != nil {
		return w.Client
	}
	return &http.Client{
		Transport:     &http.Transport{Proxy: nil, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// union is how long spans last together, counting no moment twice. A span
// ends where the next question that is not answered begins, within a second.
func union(spans []span) time.Duration {
	slices.SortFunc(spans, func(a, b span) int { return a.from.Compare(b.from) })
	var sum time.Duration
	var end time.Time
	for _, s := range spans {
		from := s.from
		if from.Before(end) {
			from = end
		} else if !end.IsZero() && from.Sub(end) < time.Second {
			sum += from.Sub(end) // it did not answer in between either
		}
		if s.to.After(from) {
			sum += s.to.Sub(from)
		}
		if s.to.After(end) {
			end = s.to
		}
	}
	return sum
}
