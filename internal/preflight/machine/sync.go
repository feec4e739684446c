package machine

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sentryctl/sentryctl/internal/preflight"
)

const (
	syncWrites  = 100
	syncTimeout = 2 * time.Second
	// syncBytes is the size of an etcd log record, which the common disk
	// benchmarks for databases write too.
	syncBytes = 2300
)

// SyncLatency times small writes with fdatasync to a new file in dir, which it
// removes. It takes two seconds at most.
func (m Machine) SyncLatency(ctx context.Context, dir string) (preflight.Latency, error) {
	f, err := os.CreateTemp(dir, ".sentryctl-sync-*")
	if err != nil {
		return preflight.Latency{}, fmt.Errorf("write a file to measure with: %w", err)
	}
	defer os.Remove(f.Name())
	defer f.Close()
	ctx, cancel := context.WithTimeout(ctx, syncTimeout)
	defer cancel()
	var times []time.Duration
	record := make([]byte, syncBytes)
	for len(times) < syncWrites && ctx.Err() == nil {
		start := time.Now()
		if _, err := f.Write(record); err != nil {
			return preflight.Latency{}, fmt.Errorf("write to measure with: %w", err)
		}
		if err := unix.Fdatasync(int(f.Fd())); err != nil {
			return preflight.Latency{}, fmt.Errorf("fdatasync: %w", err)
		}
		times = append(times, time.Since(start))
	}
	return latency(times), nil
}

// latency takes percentiles by nearest rank.
func latency(times []time.Duration) preflight.Latency {
	if len(times) == 0 {
		return preflight.Latency{}
	}
	slices.Sort(times)
	rank := func(percent int) time.Duration { return times[(len(times)*percent+99)/100-1] }
	return preflight.Latency{Samples: len(times), P50: rank(50), P99: rank(99)}
}
