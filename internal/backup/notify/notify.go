package notify

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Notice is what there is to tell of a run. No secret stands in it.
type Notice struct {
	Site    string    `json:"site"`
	Host    string    `json:"host"`
	Version string    `json:"version"`
	Task    string    `json:"task"` // backup, verify, drill, test
	OK      bool      `json:"ok"`
	Begun   time.Time `json:"begun"`
	Seconds float64   `json:"seconds"`
	Text    string    `json:"text"` // one line for people
	Error   string    `json:"error,omitempty"`
	Hint    string    `json:"hint,omitempty"`
	Code    int       `json:"code"`
}

// Subject is the notice in a few words.
func (n Notice) Subject() string {
	how := "done"
	if !n.OK {
		how = "FAILED"
	}
	return fmt.Sprintf("Sentry %s %s on %s", n.Task, how, n.Host)
}

// Body is the notice for people.
func (n Notice) Body() string {
	lines := []string{n.Text, "", "site:    " + n.Site, "version: " + n.Version, "begun:   " + n.Begun.Format(time.RFC3339),
		fmt.Sprintf("took:    %.0f s", n.Seconds)}
	if n.Error != "" {
		lines = append(lines, "error:   "+n.Error)
	}
	if n.Hint != "" {
		lines = append(lines, "hint:    "+n.Hint)
	}
	return strings.Join(lines, "\n") + "\n"
}

// channel is one way out. Errors of send name no address.
type channel interface {
	Name() string
	when() When
	check() error
	send(context.Context, Notice) error
}

// Notifier tells all who want to know.
type Notifier struct {
	Config Config
	Pause  time.Duration // before each new attempt, doubled each time
}

const (
	attempts = 3
	patience = 30 * time.Second // for one attempt
)

// Send tells everybody whom it concerns, and returns what failed, after all
// were tried.
func (n Notifier) Send(ctx context.Context, what Notice) error {
	var failed []error
	for _, c := range n.Config.channels() {
		if !concerns(c.when(), what.OK) {
			continue
		}
		if err := n.try(ctx, func(ctx context.Context) error { return c.send(ctx, what) }); err != nil {
			failed = append(failed, fmt.Errorf("notice by %s: %w", c.Name(), err))
		}
	}
	return errors.Join(failed...)
}

// Started pings those that measure how long a run takes.
func (n Notifier) Started(ctx context.Context) error {
	var failed []error
	for _, p := range n.Config.Pings {
		if concerns(p.On, true) {
			failed = append(failed, n.try(ctx, p.start))
		}
	}
	return errors.Join(failed...)
}

func concerns(w When, ok bool) bool {
	return w == "" || w == Always || (w == Success) == ok
}

func (n Notifier) try(ctx context.Context, send func(context.Context) error) error {
	pause := n.Pause
	for left := attempts; ; left-- {
		limited, cancel := context.WithTimeout(ctx, patience)
		err := send(limited)
		cancel()
		if err == nil || left == 1 || ctx.Err() != nil {
			return err
		}
		select {
		case <-time.After(pause):
			pause *= 2
		case <-ctx.Done():
			return err
		}
	}
}
