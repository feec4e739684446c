package proc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseFlags(t *testing.T) {
	cases := map[string]struct {
		args, switches []string
		words          []string
		group, health  string
	}{
		"sentry 25.10": {
			args:  []string{"--no-strict-offset-reset", "post-process-forwarder-errors", "--consumer-group", "ppf", "--synchronize-commit-log-topic=x", "--healthcheck-file-path", "/tmp/h"},
			words: []string{"post-process-forwarder-errors"}, group: "ppf", health: "/tmp/h",
		},
		"snuba switch before a flag": {
			args:  []string{"--use-rust-processor", "--health-check-file", "/tmp/h", "--consumer-group=g"},
			words: nil, group: "g", health: "/tmp/h",
		},
		"known switch before a word": {
			args: []string{"--force", "word", "--", "--not-a-flag"}, switches: []string{"force"},
			words: []string{"word", "--not-a-flag"},
		},
		"dash and number are values": {
			args: []string{"--consumer-group", "-", "--healthcheck-file-path", "-1"}, group: "-", health: "-1",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := ParseFlags(c.args, c.switches...)
			got := []any{f.Words, f.Get("consumer-group"), f.Get("health-check-file", "healthcheck-file-path")}
			if diff := cmp.Diff([]any{c.words, c.group, c.health}, got); diff != "" {
				t.Errorf("flags (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRetryEndsOnSuccessAndOnFinalErrors(t *testing.T) {
	p := &Proc{Role: "test", Stderr: &bytes.Buffer{}}
	tries := 0
	err := Retry(t.Context(), p, "peer", func(context.Context) error {
		if tries++; tries < 3 {
			return errors.New("away")
		}
		return nil
	})
	if err != nil || tries != 3 {
		t.Errorf("got %d tries and %v, want 3 and nil", tries, err)
	}
	err = Retry(t.Context(), p, "peer", func(context.Context) error { return fmt.Errorf("never: %w", ErrFatal) })
	if !errors.Is(err, ErrFatal) {
		t.Errorf("got %v, want the final error", err)
	}
}

func TestCode(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	cases := map[string]struct {
		ctx  context.Context
		err  error
		want int
	}{
		"well":            {t.Context(), nil, 0},
		"told to stop":    {ended, fmt.Errorf("wait: %w", context.Canceled), 0},
		"its own code":    {t.Context(), fmt.Errorf("run: %w", Exit(3, "exists")), 3},
		"any other error": {t.Context(), errors.New("broken"), 1},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := Code(c.ctx, c.err); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}
