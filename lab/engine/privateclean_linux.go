package engine

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Close removes the containers, ends the daemon and removes everything below
// the Engine's directory. A daemon that was killed is started once more,
// because only it can end its containers properly.
func (p *Private) Close(ctx context.Context) error {
	var errs []error
	if !p.runs() && p.daemon != nil {
		errs = append(errs, p.Start(ctx))
	}
	if p.runs() {
		errs = append(errs, p.removeContainers(ctx), p.end(unix.SIGTERM))
	}
	p.space.close()
	errs = append(errs, p.killLeft(), unmountBelow(p.dir), os.RemoveAll(p.dir))
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("remove the private Engine: %w", err)
	}
	return nil
}

func (p *Private) removeContainers(ctx context.Context) error {
	ids, err := p.Docker.Lines(ctx, "ps", "-aq")
	if err != nil || len(ids) == 0 {
		return err
	}
	_, err = p.Docker.Output(ctx, append([]string{"rm", "-f"}, ids...)...)
	return err
}

// killLeft kills what still runs for this Engine, which is its containerd and
// shims: their command lines name its directory.
func (p *Private) killLeft() error {
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return err
	}
	for _, path := range lines {
		line, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(line, []byte(p.dir+"/")) || !bytes.Contains(line, []byte("containerd")) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err == nil {
			err = unix.Kill(pid, unix.SIGKILL)
		}
		if err != nil && !errors.Is(err, unix.ESRCH) {
			return err
		}
	}
	return nil
}

// unmountBelow takes down all mounts below dir, the innermost first.
func unmountBelow(dir string) error {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	defer f.Close()
	var points []string
	for sc := bufio.NewScanner(f); sc.Scan(); {
		if fields := strings.Fields(sc.Text()); len(fields) > 4 && strings.HasPrefix(fields[4], dir+"/") {
			points = append(points, fields[4])
		}
	}
	slices.Reverse(points)
	for _, point := range points {
		if err := unix.Unmount(point, unix.MNT_DETACH); err != nil && !errors.Is(err, unix.EINVAL) {
			return fmt.Errorf("unmount %s: %w", point, err)
		}
	}
	return nil
}
