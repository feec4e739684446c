package stack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/docker/compose/v5/pkg/api"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// Services are those of a project of which no more than the name is known:
// enough to look into their containers.
type Services struct {
	engine  *Engine
	project string
	sink    event.Sink
}

// Services gives the services of a project by its name.
func (e *Engine) Services(project string) Services { return Services{e, project, event.Discard{}} }

// Exec runs a command in the running container of a service. It is not ended
// with ctx: the Engine has no way to.
func (v Services) Exec(ctx context.Context, service string, x workload.Exec) (workload.Result, error) {
	id, err := v.running(ctx, service)
	if err != nil {
		return workload.Result{}, err
	}
	out := newCapture(service, x.Quiet, v.sink)
	code, err := v.engine.exec(ctx, execRun{
		container: id, command: x.Command, user: x.User, env: x.Env,
		stdin: x.Stdin, stdout: out.stdoutWriter(), stderr: out.stderrWriter(),
	})
	out.flush()
	if err != nil {
		return workload.Result{}, fmt.Errorf("run a command in %s: %w", service, err)
	}
	return workload.Result{Stdout: out.stdout.Bytes(), Stderr: out.stderr.Bytes(), ExitCode: code}, nil
}

// ReadFile reads a file as the container of a service sees it, its volumes
// included, whether it runs or not. Nothing is made for it. The error wraps
// fs.ErrNotExist when the container or the file is absent.
func (v Services) ReadFile(ctx context.Context, service, file string) ([]byte, error) {
	list, err := v.containers(ctx, service)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("service %s has no container: %w", service, fs.ErrNotExist)
	}
	if root, err := v.engine.inside(ctx, list[0].ID); err == nil {
		defer root.Close()
		if data, err := readInside(root, file); err == nil {
			return data, nil
		}
	}
	data, err := v.engine.copyOut(ctx, list[0].ID, file)
	if err != nil {
		return nil, fmt.Errorf("read %s of service %s: %w", file, service, err)
	}
	return data, nil
}

// Dial connects with the socket at a path in the running container of a service,
// where inside leads there. A link with an absolute target on the way is an error.
func (v Services) Dial(ctx context.Context, service, socket string) (net.Conn, error) {
	id, err := v.running(ctx, service)
	if err != nil {
		return nil, err
	}
	root, err := v.engine.inside(ctx, id)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	if _, err := root.Stat(strings.TrimPrefix(socket, "/")); err != nil {
		return nil, err // the kernel would follow a link out of the container
	}
	return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(root.Name(), socket))
}

func (v Services) containers(ctx context.Context, service string) ([]container.Summary, error) {
	return v.engine.containersOf(ctx, v.project, api.OneoffLabel+"=False", api.ServiceLabel+"="+service)
}

func (v Services) running(ctx context.Context, service string) (string, error) {
	list, err := v.containers(ctx, service)
	if err != nil {
		return "", err
	}
	for _, c := range list {
		if c.State == container.StateRunning {
			return c.ID, nil
		}
	}
	return "", fault.New(fault.Resumable, "Start it: docker compose -p "+v.project+" start "+service,
		"service %s is not running", service)
}

// containersOf lists the containers of a project that have all of these labels.
func (e *Engine) containersOf(ctx context.Context, project string, labels ...string) ([]container.Summary, error) {
	filters := make(client.Filters).Add("label", api.ProjectLabel+"="+project).Add("label", labels...)
	res, err := e.api.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: filters})
	return res.Items, gone(err)
}

// inside opens the files of a running container without the Engine, which starts
// programs for each look and takes a tenth of a second. It is for a process with
// the rights of root on the Engine's own machine: there the container's process
// has the container's ID in the names of its control groups.
func (e *Engine) inside(ctx context.Context, id string) (*os.Root, error) {
	res, err := e.api.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
	if err != nil {
		return nil, gone(err)
	}
	if res.Container.State == nil || res.Container.State.Pid == 0 {
		return nil, errors.New("the container does not run")
	}
	process := fmt.Sprintf("/proc/%d", res.Container.State.Pid)
	root, err := os.OpenRoot(process + "/root")
	if err != nil {
		return nil, err
	}
	groups, err := os.ReadFile(process + "/cgroup")
	if err == nil && !bytes.Contains(groups, []byte(res.Container.ID)) {
		err = errors.New("the container runs on another machine")
	}
	if err != nil {
		root.Close()
		return nil, err
	}
	return root, nil
}

func readInside(root *os.Root, file string) ([]byte, error) {
	file = strings.TrimPrefix(file, "/")
	info, err := root.Stat(file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxReadFile {
		return nil, errors.New("not a regular file, or a large one")
	}
	return root.ReadFile(file)
}
