package helper_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/helper"
	"github.com/sentryctl/sentryctl/internal/preflight"
	"github.com/sentryctl/sentryctl/internal/preflight/machine"
)

// root lays out files as a container's kernel shows them.
func root(t *testing.T, files map[string]string) machine.Machine {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return machine.Machine{Root: dir}
}

func TestProbe(t *testing.T) {
	m := root(t, map[string]string{
		"proc/meminfo":                     "MemTotal:       16384 kB\nSwapTotal:       1024 kB\n",
		"proc/cpuinfo":                     "processor\t: 0\nmodel name\t: Xeon\nflags\t\t: sse sse4_2\n\nprocessor\t: 1\nmodel name\t: other\n",
		"proc/self/mountinfo":              "1 0 0:1 / / rw - overlay overlay rw\n",
		"sys/fs/cgroup/cpu.max":            "150000 100000\n",
		"sys/fs/cgroup/memory.max":         "8388608\n",
		"sys/fs/cgroup/cgroup.controllers": "cpu memory\n",
	})
	p, err := helper.Probe(t.Context(), helper.ProbeOptions{Machine: m, Dir: t.TempDir(), Sync: true})
	if err != nil {
		t.Fatal(err)
	}
	if p.Disk.TotalBytes == 0 || p.NofileHard == 0 || p.Sync.Samples == 0 || p.Time.IsZero() {
		t.Errorf("not measured: %+v", p)
	}
	// What this very machine has is not compared.
	p.Disk.TotalBytes, p.Disk.FreeBytes, p.Disk.Path = 0, 0, ""
	p.NofileSoft, p.NofileHard, p.Sync, p.Time = 0, 0, preflight.Latency{}, p.Time.Truncate(1<<62)
	want := preflight.Probe{
		CPUs: runtime.NumCPU(), Arch: runtime.GOARCH, CPUModel: "Xeon", CPUFlags: []string{"sse", "sse4_2"},
		MemoryBytes: 16 << 20, SwapBytes: 1 << 20, Cgroup: preflight.Cgroup{Version: 2, MemoryBytes: 8 << 20, CPUs: 1.5}, Time: p.Time,
	}
	if d := cmp.Diff(want, p); d != "" {
		t.Error(d)
	}
}

func TestProbeNeedsMemoryAndDisk(t *testing.T) {
	if _, err := helper.Probe(t.Context(), helper.ProbeOptions{Machine: root(t, nil), Dir: t.TempDir()}); err == nil {
		t.Error("no memory, no error")
	}
	m := root(t, map[string]string{"proc/meminfo": "MemTotal: 1 kB\n"})
	if _, err := helper.Probe(t.Context(), helper.ProbeOptions{Machine: m, Dir: "/nonexistent"}); err == nil {
		t.Error("no disk, no error")
	}
}
