package proc

import (
	"context"
	"errors"
	"os"
	"time"
)

// ErrFatal marks an error that no second try will change: see Retry.
var ErrFatal = errors.New("final")

const (
	firstPause = 50 * time.Millisecond
	longPause  = 2 * time.Second
)

// Retry calls fn until it returns nil, ctx ends or fn's error wraps ErrFatal.
// Peers come and go in any order, so every role waits like this for them.
func Retry(ctx context.Context, p *Proc, what string, fn func(context.Context) error) error {
	pause, last := firstPause, ""
	for {
		err := fn(ctx)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, ErrFatal):
			return err
		}
		if msg := err.Error(); msg != last {
			p.Logf("%s: %s; trying again", what, msg)
			last = msg
		}
		if !Sleep(ctx, pause) {
			return ctx.Err()
		}
		pause = min(pause*2, longPause)
	}
}

// Sleep waits and reports false when ctx ended first.
func Sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// TouchEverySecond keeps a health file present until ctx ends. Upstream's
// check removes it, so a file that stays away means a dead loop. An empty
// path does nothing.
func TouchEverySecond(ctx context.Context, path string) {
	if path == "" {
		return
	}
	for {
		if _, err := os.Stat(path); err != nil {
			os.WriteFile(path, nil, 0o644) //nolint:errcheck // an unwritable file is an unhealthy one
		}
		if !Sleep(ctx, time.Second) {
			return
		}
	}
}
