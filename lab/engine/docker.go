// Package engine owns the lab's dealings with the Docker Engine: it calls the
// docker command, finds out whether an Engine answers, and can install one
// from the distribution's packages. It knows nothing of images or releases.
package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
)

// Docker runs the docker command. The zero value uses "docker" on PATH and
// whatever Engine that is configured for.
type Docker struct {
	// Host is an Engine address such as unix:///run/other.sock; "" leaves the
	// choice to DOCKER_HOST and the docker contexts.
	Host string
}

// Output runs docker with args and returns its trimmed standard output. An
// error carries what docker said on standard error.
func (d Docker) Output(ctx context.Context, args ...string) (string, error) {
	return d.Input(ctx, nil, args...)
}

// Input is Output with stdin.
func (d Docker) Input(ctx context.Context, stdin io.Reader, args ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd := d.command(ctx, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &stdout, &stderr
	err := cmd.Run()
	if err != nil {
		return strings.TrimSpace(stdout.String()), fmt.Errorf("docker %s: %w%s", args[0], err, because(stderr.String()))
	}
	return strings.TrimSpace(stdout.String()), nil
}

// Lines is Output split into lines; no output gives no lines.
func (d Docker) Lines(ctx context.Context, args ...string) ([]string, error) {
	out, err := d.Output(ctx, args...)
	if out == "" {
		return nil, err
	}
	return strings.Split(out, "\n"), err
}

// ServerVersion asks the Engine for its version; it is the cheapest proof that
// one answers.
func (d Docker) ServerVersion(ctx context.Context) (string, error) {
	return d.Output(ctx, "version", "--format", "{{.Server.Version}}")
}

// Installed tells whether there is a docker command at all.
func (d Docker) Installed() bool {
	_, err := exec.LookPath("docker")
	return !errors.Is(err, exec.ErrNotFound)
}

func (d Docker) command(ctx context.Context, args ...string) *exec.Cmd {
	if d.Host != "" {
		args = append([]string{"--host", d.Host}, args...)
	}
	return exec.CommandContext(ctx, "docker", args...)
}

// because turns docker's last words into the tail of an error.
func because(stderr string) string {
	stderr = strings.TrimSpace(stderr)
	if stderr == "" {
		return ""
	}
	if i := strings.LastIndexByte(stderr, '\n'); i >= 0 && len(stderr) > 2000 {
		stderr = stderr[i+1:]
	}
	return ": " + stderr
}
