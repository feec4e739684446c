package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"github.com/sentryctl/sentryctl/lab/bench"
	"github.com/sentryctl/sentryctl/lab/setup"
	"github.com/sentryctl/sentryctl/lab/trees"
)

const (
	prefix = "sentryctl-lab-bench"
	bind   = "127.0.0.1:19090"
)

// place is a clean state: a release tree, nothing of it on the Engine.
type place struct {
	setup.Setup
	release string // the pristine tree
	site    string // does not exist yet
}

// newPlace clears what a former round has left, images built for it too.
func newPlace(ctx context.Context, lab setup.Setup, version string) (place, func() error, error) {
	dir, clean, err := bench.Scratch(ctx, lab, prefix)
	if err != nil {
		return place{}, nil, err
	}
	p := place{Setup: lab, release: filepath.Join(dir, "release"), site: filepath.Join(dir, "site")}
	if err := trees.Write(p.release, version, trees.Options{Prefix: prefix, Bind: bind}); err != nil {
		return p, nil, errors.Join(err, clean())
	}
	return p, clean, nil
}

// ready waits for the front door, as both ways promise it.
func (p place) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+bind+"/_health/", nil)
		if err != nil {
			return err
		}
		res, err := http.DefaultClient.Do(req)
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the front door does not answer: %w", ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// ours is sentryctl.
type ours struct{ binary string }

func (o ours) install(ctx context.Context, p place) error {
	binary, err := filepath.Abs(o.binary)
	if err != nil {
		return err
	}
	_, err = bench.Command(ctx, "", "", binary, "install", "--site", p.site, "--source", p.release,
		"--admin-email", "admin@example.com", "--ignore", bench.LabIgnores, "--yes", "--output", "plain")
	return err
}
