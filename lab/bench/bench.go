// Package bench owns what the benchmarks of whole commands have in common: how
// they start and end, their scratch, the programs that they run, and whether a
// goal was reached.
package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/sentryctl/sentryctl/lab/setup"
)

// LabIgnores are the checks for which a small machine is too small for Sentry
// but not for stand-ins.
const LabIgnores = "cpu-count,ram"

// Main runs a benchmark with the lab set up, until a signal ends it, and ends
// the program with 1 when it fails.
func Main(name string, run func(context.Context, setup.Setup) error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root, err := setup.Root(".")
	if err == nil {
		lab := setup.In(root, os.Stderr)
		if err = lab.Up(ctx); err == nil {
			err = run(ctx, lab)
		}
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
}

// Scratch clears what a run before has left under a prefix, and makes a
// directory. clean does so again and removes the directory.
func Scratch(ctx context.Context, lab setup.Setup, prefix string) (dir string, clean func() error, err error) {
	cleaning := setup.Cleaning{Docker: lab.Docker, Prefix: prefix, Talk: io.Discard}
	if err := cleaning.Run(ctx); err != nil {
		return "", nil, err
	}
	if dir, err = os.MkdirTemp("", prefix); err != nil {
		return "", nil, err
	}
	return dir, func() error { return errors.Join(cleaning.Run(context.WithoutCancel(ctx)), os.RemoveAll(dir)) }, nil
}

// Command runs a program in a directory, "" for this one, and returns its
// stdout; an error carries its last words. Without buildx there is the classic
// builder, for both sides of a comparison.
func Command(ctx context.Context, dir, stdin string, argv ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	var out, talk bytes.Buffer
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = dir, strings.NewReader(stdin), &out, &talk
	cmd.Env = append(os.Environ(), "DOCKER_BUILDKIT=0")
	if err := cmd.Run(); err != nil {
		words := append(out.Bytes(), talk.Bytes()...)
		return nil, fmt.Errorf("%s %s: %w\n%s", filepath.Base(argv[0]), strings.Join(argv[1:], " "), err, words[max(0, len(words)-2000):])
	}
	return out.Bytes(), nil
}

// Goal tells whether what took ours is at most a part of what took theirs; the
// error says by how much it is missed.
func Goal(what string, ours, theirs time.Duration, part float64) (ratio float64, err error) {
	if theirs <= 0 {
		return 0, fmt.Errorf("%s: there is nothing to compare with", what)
	}
	if ratio = ours.Seconds() / theirs.Seconds(); ratio > part {
		err = fmt.Errorf("%s: the goal of %.3f is missed: %.3f", what, part, ratio)
	}
	return ratio, err
}
