// Package helper owns what this binary does inside a helper container on the
// Engine's machine: look at it, and work on what only a container can reach.
// It runs in an image made from nothing, so it needs no user database, no
// certificates and no other program. What it finds out goes to stdout as JSON;
// cmd does the printing.
package helper

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sentryctl/sentryctl/internal/preflight"
	"github.com/sentryctl/sentryctl/internal/preflight/machine"
)

// ProbeOptions say where to look. Dir is a directory on the disk to measure;
// in a container its root lies on the Engine's.
type ProbeOptions struct {
	Machine machine.Machine
	Dir     string
	Sync    bool // time writes too, which takes up to two seconds
}

// Probe looks at the machine as a container sees it. What cannot be read stays
// zero, which the checks take for unknown; memory and disk are errors, as
// nothing can be judged without them.
func Probe(ctx context.Context, o ProbeOptions) (preflight.Probe, error) {
	p := preflight.Probe{CPUs: runtime.NumCPU(), Arch: runtime.GOARCH, Cgroup: o.Machine.Cgroup(), Time: time.Now().UTC()}
	var err error
	if p.MemoryBytes, p.SwapBytes, err = o.Machine.Memory(); err != nil {
		return p, fmt.Errorf("read memory: %w", err)
	}
	if p.Disk, err = o.Machine.Disk(o.Dir); err != nil {
		return p, err
	}
	// The layers of a container say nothing about the disk under them.
	if strings.Contains(p.Disk.FileSystem, "overlay") {
		p.Disk.FileSystem = ""
	}
	p.CPUModel, p.CPUFlags, _ = o.Machine.CPU() // no /proc/cpuinfo: no flags
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err == nil {
		p.NofileSoft, p.NofileHard = int64(limit.Cur), int64(limit.Max)
	}
	if o.Sync {
		// A disk that cannot be written to gives no samples.
		p.Sync, _ = o.Machine.SyncLatency(ctx, o.Dir)
	}
	return p, nil
}
