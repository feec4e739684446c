package engine

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// AptInstall installs the packages that are not there yet. A name that starts
// with "?" is optional: releases differ in how they cut their packages. apt's
// own talk is kept for the error.
func AptInstall(ctx context.Context, talk io.Writer, packages ...string) error {
	if err := apt(ctx, "update", "-qq"); err != nil {
		return err
	}
	args := []string{"install", "-y", "-qq", "--no-install-recommends"}
	for _, name := range packages {
		name, optional := strings.CutPrefix(name, "?")
		if !optional || exists(ctx, name) {
			args = append(args, name)
		}
	}
	fmt.Fprintln(talk, "apt-get", strings.Join(args, " "))
	return apt(ctx, args...)
}

func apt(ctx context.Context, args ...string) error {
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, "apt-get", args...)
	// Without a terminal debconf must not ask anything.
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C")
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("apt-get %s: %w\n%s", args[0], err, tail(out.String(), 20))
	}
	return nil
}

// exists tells whether apt has a candidate of that name.
func exists(ctx context.Context, name string) bool {
	out, err := exec.CommandContext(ctx, "apt-cache", "policy", name).Output()
	return err == nil && strings.Contains(string(out), "Candidate:") && !strings.Contains(string(out), "Candidate: (none)")
}

func tail(s string, lines int) string {
	all := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
