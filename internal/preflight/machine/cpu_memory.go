package machine

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/sentryctl/sentryctl/internal/preflight"
)

// Memory returns the bytes of RAM and of swap.
func (m Machine) Memory() (ram, swap int64, err error) {
	data, err := m.read("proc/meminfo")
	if err != nil {
		return 0, 0, err
	}
	info := parseMeminfo(data)
	if info["MemTotal"] == 0 {
		return 0, 0, fmt.Errorf("/proc/meminfo does not tell MemTotal")
	}
	return info["MemTotal"], info["SwapTotal"], nil
}

// MemoryLeft returns the bytes that programs could still get without swap.
func (m Machine) MemoryLeft() (int64, error) {
	data, err := m.read("proc/meminfo")
	if err != nil {
		return 0, err
	}
	left, told := parseMeminfo(data)["MemAvailable"]
	if !told {
		return 0, fmt.Errorf("/proc/meminfo does not tell MemAvailable")
	}
	return left, nil
}

// parseMeminfo returns the values of proc_meminfo(5) in bytes.
func parseMeminfo(data []byte) map[string]int64 {
	info := map[string]int64{}
	for line := range strings.Lines(string(data)) {
		key, rest, ok := strings.Cut(line, ":")
		fields := strings.Fields(rest)
		if !ok || len(fields) == 0 {
			continue
		}
		n, err := strconv.ParseInt(fields[0], 10, 64)
		if err != nil || n < 0 {
			continue
		}
		if len(fields) > 1 && fields[1] == "kB" {
			if n > math.MaxInt64>>10 {
				continue
			}
			n <<= 10
		}
		info[key] = n
	}
	return info
}

// CPU returns the model and the flags of the first processor.
func (m Machine) CPU() (model string, flags []string, err error) {
	data, err := m.read("proc/cpuinfo")
	if err != nil {
		return "", nil, err
	}
	model, flags = parseCPUInfo(data)
	return model, flags, nil
}

// parseCPUInfo reads the first block. Processors that are not x86 call their
// flags Features.
func parseCPUInfo(data []byte) (model string, flags []string) {
	for line := range strings.Lines(string(data)) {
		key, value, _ := strings.Cut(line, ":")
		switch strings.TrimSpace(key) {
		case "model name":
			model = strings.TrimSpace(value)
		case "flags", "Features":
			flags = strings.Fields(value)
		case "":
			return model, flags
		}
	}
	return model, flags
}

// Cgroup returns the limits that hold for this process. In a container the
// controllers are mounted so that its own group is at the top.
func (m Machine) Cgroup() preflight.Cgroup {
	if m.word("sys/fs/cgroup/cgroup.controllers") != "" {
		quota, period, _ := strings.Cut(m.word("sys/fs/cgroup/cpu.max"), " ")
		return preflight.Cgroup{Version: 2, MemoryBytes: limit(m.word("sys/fs/cgroup/memory.max")), CPUs: share(quota, period)}
	}
	return preflight.Cgroup{
		Version:     1,
		MemoryBytes: limit(m.word("sys/fs/cgroup/memory/memory.limit_in_bytes")),
		CPUs:        share(m.word("sys/fs/cgroup/cpu/cpu.cfs_quota_us"), m.word("sys/fs/cgroup/cpu/cpu.cfs_period_us")),
	}
}

// limit reads a memory limit; "max", and the page-aligned maximum by which
// version 1 says the same, are none.
func limit(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64/2 {
		return 0
	}
	return n
}

// share returns how many CPUs a quota amounts to; "max" and -1 are none.
func share(quota, period string) float64 {
	q, errQ := strconv.ParseFloat(quota, 64)
	p, errP := strconv.ParseFloat(period, 64)
	if errQ != nil || errP != nil || q <= 0 || p <= 0 {
		return 0
	}
	return q / p
}
