package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

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
	dir     string // scratch
	release string // the pristine tree
	site    string // does not exist yet
}

// newPlace clears what a former round has left, images built for it too.
func newPlace(ctx context.Context, lab setup.Setup, version string) (place, func(), error) {
	clean := setup.Cleaning{Docker: lab.Docker, Prefix: prefix, Talk: quiet{}}
	if err := clean.Run(ctx); err != nil {
		return place{}, nil, err
	}
	dir, err := os.MkdirTemp("", prefix)
	if err != nil {
		return place{}, nil, err
	}
	p := place{Setup: lab, dir: dir, release: filepath.Join(dir, "release"), site: filepath.Join(dir, "site")}
	err = trees.Write(p.release, version, trees.Options{Prefix: prefix, Bind: bind})
	return p, func() {
		// The next round clears again and tells what is wrong.
		_ = clean.Run(context.WithoutCancel(ctx))
		os.RemoveAll(dir)
	}, err
}

type quiet struct{}

func (quiet) Write(p []byte) (int, error) { return len(p), nil }

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

// command runs a program in a directory and returns its stdout; an error
// carries its last words.
func command(ctx context.Context, dir string, stdin string, argv ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	var out, talk bytes.Buffer
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = dir, bytes.NewBufferString(stdin), &out, &talk
	// Without buildx there is the classic builder, for both sides.
	cmd.Env = append(os.Environ(), "DOCKER_BUILDKIT=0")
	if err := cmd.Run(); err != nil {
		tail := talk.Bytes()
		return nil, fmt.Errorf("%v: %w\n%s", argv, err, tail[max(0, len(tail)-2000):])
	}
	return out.Bytes(), nil
}

// ours is sentryctl.
type ours struct{ binary string }

func (o ours) install(ctx context.Context, p place) error {
	binary, err := filepath.Abs(o.binary)
	if err != nil {
		return err
	}
	_, err = command(ctx, p.dir, "", binary, "install", "--site", p.site, "--source", p.release,
		"--admin-email", "admin@example.com", "--ignore", labIgnores, "--yes", "--output", "plain")
	return err
}

// labIgnores are the checks for which a small machine is too small for Sentry
// but not for stand-ins.
const labIgnores = "cpu-count,ram"
