package stack

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/client"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// Talk runs a helper that is spoken with until it ends. One of the same name
// that a run before left is stopped first: nobody speaks with it any more.
func (e *Engine) Talk(ctx context.Context, t workload.Talk) error {
	if err := e.talk(ctx, t); err != nil {
		return fmt.Errorf("helper %s: %w", t.Name, err)
	}
	return nil
}

// Talk is Engine.Talk under a name of the project's own.
func (s *Stack) Talk(ctx context.Context, t workload.Talk) error {
	t.Name = s.containerName(t.Name)
	return s.engine.Talk(ctx, t)
}

// Weigh gives a helper that runs another weight.
func (s *Stack) Weigh(ctx context.Context, name string, w workload.Weight) error {
	_, err := s.engine.api.ContainerUpdate(ctx, s.containerName(name), client.ContainerUpdateOptions{
		Resources: &container.Resources{CPUShares: w.CPU, BlkioWeight: w.Disk},
	})
	if err != nil {
		return fmt.Errorf("change the weight of helper %s: %w", name, gone(err))
	}
	return nil
}

func (e *Engine) talk(ctx context.Context, t workload.Talk) error {
	for _, m := range t.Mounts {
		if err := e.volumeExists(ctx, m.Volume); err != nil {
			return err
		}
	}
	image, err := e.EnsureHelper(ctx)
	if err != nil {
		return err
	}
	if err := e.remove(ctx, t.Name); err != nil {
		return err
	}
	o := helperContainer(image, t.Helper)
	o.Config.AttachStdin, o.Config.OpenStdin, o.Config.StdinOnce = true, true, true
	for _, m := range t.HostMounts {
		o.HostConfig.Mounts = append(o.HostConfig.Mounts, mount.Mount{Type: mount.TypeBind, Source: m.Host, Target: m.Path, ReadOnly: m.ReadOnly})
	}
	if t.Scratch != "" {
		// A volume without a name: the container's own layer is slow with some storage drivers.
		o.HostConfig.Mounts = append(o.HostConfig.Mounts, mount.Mount{Type: mount.TypeVolume, Target: t.Scratch})
	}
	if t.Weight != (workload.Weight{}) {
		o.HostConfig.CPUShares, o.HostConfig.BlkioWeight = t.Weight.CPU, t.Weight.Disk
		o.HostConfig.CapAdd = []string{"SYS_NICE"} // to lower its own priority, and to take that back
	}
	made, err := e.api.ContainerCreate(ctx, o)
	if err != nil {
		return startFault(err)
	}
	stdout, stderr := &lineSplitter{line: t.Line}, &tail{limit: keptOutput}
	code, err := e.runToEnd(ctx, containerRun{id: made.ID, feed: t.In, stdout: stdout, stderr: stderr, stopTimeout: helperStop})
	switch {
	case err != nil:
		return err
	case code == 0:
		return nil
	}
	said := complaint(stderr.Bytes())
	if said == "" {
		said = fmt.Sprintf("exit code %d", code)
	}
	if known := fault.Code(code); known == fault.Integrity || known == fault.PreflightBlocked || known == fault.Resumable {
		return fault.New(known, hintIn(stderr.Bytes()), "%s", said)
	}
	return errors.New(said)
}

// lineSplitter gives whole lines on.
type lineSplitter struct {
	line func([]byte)
	rest []byte
}

func (l *lineSplitter) Write(p []byte) (int, error) {
	l.rest = append(l.rest, p...)
	for {
		line, rest, found := bytes.Cut(l.rest, []byte("\n"))
		if !found {
			return len(p), nil
		}
		l.line(line)
		l.rest = append(l.rest[:0], rest...)
	}
}
