package stack

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/client"

	"github.com/sentryctl/sentryctl/internal/workload"
)

// helperStop is how long a cancelled helper may take to end.
const helperStop = 10 * time.Second

// RunHelper runs this program with h.Args in a container of its own and
// returns its stdout. Its volumes must exist. ErrNofileRefused says that the
// daemon cannot grant h.Nofile.
func (e *Engine) RunHelper(ctx context.Context, h workload.Helper) ([]byte, error) {
	out, err := e.runHelper(ctx, h)
	if err != nil {
		return nil, fmt.Errorf("helper %s: %w", h.Name, err)
	}
	return out, nil
}

// RunHelper is Engine.RunHelper under a name of the project's own.
func (s *Stack) RunHelper(ctx context.Context, h workload.Helper) ([]byte, error) {
	if h.Name != "" {
		h.Name = s.containerName(h.Name)
	}
	return s.engine.RunHelper(ctx, h)
}

// EnsureHelper is Engine.EnsureHelper.
func (s *Stack) EnsureHelper(ctx context.Context) (string, error) { return s.engine.EnsureHelper(ctx) }

func (e *Engine) runHelper(ctx context.Context, h workload.Helper) ([]byte, error) {
	for _, m := range h.Mounts {
		// The Engine would make the volume.
		if err := e.volumeExists(ctx, m.Volume); err != nil {
			return nil, err
		}
	}
	image, err := e.EnsureHelper(ctx)
	if err != nil {
		return nil, err
	}
	if h.Name != "" {
		if err := e.clearLeftover(ctx, h.Name, func() {}); err != nil {
			return nil, err
		}
	}
	return e.runMade(ctx, helperContainer(image, h), h.Stdin)
}

// runMade makes a helper's container, runs it and returns its stdout.
func (e *Engine) runMade(ctx context.Context, o client.ContainerCreateOptions, stdin []byte) ([]byte, error) {
	made, err := e.api.ContainerCreate(ctx, o)
	if err != nil {
		return nil, startFault(err)
	}
	stdout, stderr := &tail{}, &tail{limit: keptOutput}
	code, err := e.runToEnd(ctx, containerRun{id: made.ID, stdin: stdin, stdout: stdout, stderr: stderr, stopTimeout: helperStop})
	if err != nil {
		return nil, err
	}
	if code != 0 {
		if said := complaint(stderr.Bytes()); said != "" {
			return nil, errors.New(said)
		}
		return nil, fmt.Errorf("exit code %d", code)
	}
	return stdout.Bytes(), nil
}

// complaint is the error in what a helper wrote, without the hint after it,
// which is for who runs it by hand; else its last line.
func complaint(stderr []byte) string {
	for line := range strings.Lines(string(stderr)) {
		if said, ok := strings.CutPrefix(strings.TrimSpace(line), "error: "); ok {
			return said
		}
	}
	return lastLines(stderr, 1)
}

// hintIn is the hint that stands below a complaint, "" for none.
func hintIn(stderr []byte) string {
	for line := range strings.Lines(string(stderr)) {
		if said, ok := strings.CutPrefix(strings.TrimSpace(line), "hint: "); ok {
			return strings.TrimSpace(said)
		}
	}
	return ""
}

func helperContainer(image string, h workload.Helper) client.ContainerCreateOptions {
	host := &container.HostConfig{
		NetworkMode: "none",
		// What it says is read while it runs; nobody reads it later.
		LogConfig: container.LogConfig{Type: "none"},
	}
	if h.Network != "" {
		host.NetworkMode = container.NetworkMode(h.Network)
	}
	if h.Nofile > 0 {
		host.Ulimits = []*container.Ulimit{{Name: "nofile", Soft: h.Nofile, Hard: h.Nofile}}
	}
	for _, m := range h.Mounts {
		host.Mounts = append(host.Mounts, mount.Mount{Type: mount.TypeVolume, Source: m.Volume, Target: m.Path, ReadOnly: m.ReadOnly,
			VolumeOptions: &mount.VolumeOptions{NoCopy: true}})
	}
	stdin := len(h.Stdin) > 0
	return client.ContainerCreateOptions{
		Name: h.Name,
		Config: &container.Config{
			Image: image, Cmd: append([]string{"helper"}, h.Args...), Env: h.Env,
			AttachStdin: stdin, OpenStdin: stdin, StdinOnce: stdin, AttachStdout: true, AttachStderr: true,
			Labels: map[string]string{helperLabel: "run"},
		},
		HostConfig: host,
	}
}
