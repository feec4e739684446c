package health

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/sentryctl/sentryctl/internal/fault"
)

// Check is one question to a site. Ask returns what it found, for people; it
// keeps to a limit of its own.
type Check struct {
	ID    string
	Title string
	Ask   func(context.Context) (said string, err error)
}

// Result is the answer to one check.
type Result struct {
	ID        string        `json:"id"`
	Title     string        `json:"title"`
	OK        bool          `json:"ok"`
	Said      string        `json:"said,omitempty"`
	Error     string        `json:"error,omitempty"`
	Hint      string        `json:"hint,omitempty"`
	ElapsedNS time.Duration `json:"elapsed_ns"`
}

// Report is the answers to all checks, in their order.
type Report struct {
	Healthy bool     `json:"healthy"`
	Checks  []Result `json:"checks"`
}

// Run asks all checks at the same time. The error is only that of ctx: what is
// wrong with the site stands in the report. An Engine that goes away ends all checks.
func Run(ctx context.Context, checks []Check) (Report, error) {
	r := Report{Healthy: true, Checks: make([]Result, len(checks))}
	asking, end := context.WithCancelCause(ctx)
	defer end(nil)
	var wg sync.WaitGroup
	for i, c := range checks {
		wg.Go(func() { r.Checks[i] = ask(asking, end, c) })
	}
	wg.Wait()
	for _, c := range r.Checks {
		r.Healthy = r.Healthy && c.OK
	}
	return r, ctx.Err()
}

func ask(ctx context.Context, end context.CancelCauseFunc, c Check) Result {
	began := time.Now()
	said, err := c.Ask(ctx)
	if fault.CodeOf(err) == fault.NoEngine {
		end(err)
	}
	if away := context.Cause(ctx); err != nil && fault.CodeOf(away) == fault.NoEngine {
		err = away
	}
	r := Result{ID: c.ID, Title: c.Title, OK: err == nil, Said: said, ElapsedNS: time.Since(began)}
	if err != nil {
		r.Error, r.Hint = err.Error(), fault.HintOf(err)
	}
	return r
}

// Failed names the checks that did not pass.
func (r Report) Failed() []string {
	var ids []string
	for _, c := range r.Checks {
		if !c.OK {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// lasting is an error that does not go away by itself: somebody has to come and
// start something.
type lasting struct{ error }

func (l lasting) Unwrap() error { return l.error }

// settle is for how long even a lasting error may pass: whoever replaces a
// container takes no longer.
const settle = 2 * time.Second

// until repeats try until it returns no error. At the end of limit it returns
// the error of the last try that was not itself cut short. A lasting error ends
// it sooner.
func until(ctx context.Context, limit time.Duration, try func(context.Context) error) error {
	bounded, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	began := time.Now()
	var last error
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		err := try(bounded)
		if err == nil {
			return nil
		}
		if last == nil || bounded.Err() == nil {
			last = err
		}
		if fault.CodeOf(err) == fault.NoEngine || errors.As(err, new(lasting)) && time.Since(began) >= settle {
			return err
		}
		select {
		case <-bounded.Done():
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return last
		case <-time.After(wait):
		}
	}
}
