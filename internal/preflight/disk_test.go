package preflight_test

import (
	"testing"
	"time"

	"github.com/sentryctl/sentryctl/internal/preflight"
)

func TestDiskChecks(t *testing.T) {
	const ok, bad, unknown, skipped = preflight.OK, preflight.Bad, preflight.Unknown, preflight.Skipped
	const block, warn, info = preflight.Block, preflight.Warn, preflight.Info
	engine := func(free int64) func(*preflight.Facts) {
		return probe(func(p *preflight.Probe) { p.Disk.FreeBytes = free })
	}
	site := func(free int64) func(*preflight.Facts) {
		return func(f *preflight.Facts) { f.Site.Value.Disk.FreeBytes = free }
	}
	sync := func(p99 time.Duration) preflight.Latency {
		return preflight.Latency{Samples: 100, P50: time.Millisecond, P99: p99}
	}
	run(t, []verdictCase{
		{name: "ample", check: "disk-engine", state: ok, severity: block, got: "120.0 GiB free of 200.0 GiB (ext4)", want: "20 GiB free at least"},
		{name: "the floor", check: "disk-engine", state: ok, severity: block, got: "20.0 GiB free of 200.0 GiB (ext4)", facts: engine(20 * gib)},
		{name: "below", check: "disk-engine", state: bad, severity: block, got: "19.0 GiB free of 200.0 GiB (ext4)", hint: "docker system df shows what can go; or move data-root", facts: engine(19 * gib)},
		{name: "with what a restore writes", check: "disk-engine", state: bad, severity: block, got: "22.0 GiB free of 200.0 GiB (ext4)", want: "23 GiB free at least", facts: engine(22 * gib),
			target: func(t *preflight.Target) { t.Data = 2*gib + 1 }},
		{name: "no probe", check: "disk-engine", state: unknown, severity: info, got: "unknown because no helper could run", facts: noProbe},
		{name: "no minimum", check: "disk-engine", state: skipped, severity: info, got: "skipped because no minimum is known for this version", target: noMinimums},

		{name: "ample", check: "disk-site", state: ok, severity: block, got: "120.0 GiB free of 200.0 GiB (ext4)"},
		{name: "below", check: "disk-site", state: bad, severity: block, got: "3.0 GiB free of 200.0 GiB (ext4)", hint: "--site DIR", facts: site(3 * gib)},
		{name: "not looked at", check: "disk-site", state: unknown, severity: info, got: "unknown because it was not looked at",
			facts: func(f *preflight.Facts) { f.Site = preflight.Fact[preflight.Site]{} }},

		{name: "fast", check: "disk-latency-engine", state: ok, severity: warn, got: "p99 2.0 ms, median 0.4 ms over 100 writes", want: "p99 of 10.0 ms or less"},
		{name: "just", check: "disk-latency-engine", state: ok, severity: warn, got: "p99 10.0 ms, median 1.0 ms over 100 writes",
			facts: probe(func(p *preflight.Probe) { p.Sync = sync(10 * time.Millisecond) })},
		{name: "slow", check: "disk-latency-engine", state: bad, severity: warn, got: "p99 45.5 ms, median 1.0 ms over 100 writes", hint: "SSD",
			facts: probe(func(p *preflight.Probe) { p.Sync = sync(45500 * time.Microsecond) })},
		{name: "no write", check: "disk-latency-engine", state: unknown, severity: info, got: "unknown because no write was timed",
			facts: probe(func(p *preflight.Probe) { p.Sync = preflight.Latency{} })},
		{name: "slow", check: "disk-latency-site", state: bad, severity: warn, got: "p99 11.0 ms, median 1.0 ms over 100 writes", hint: "--site DIR",
			facts: func(f *preflight.Facts) { f.SiteSync = preflight.Know(sync(11 * time.Millisecond)) }},
		{name: "not writable", check: "disk-latency-site", state: unknown, severity: info, got: "unknown because permission denied",
			facts: func(f *preflight.Facts) { f.SiteSync = preflight.NotKnown[preflight.Latency]("permission denied") }},
	})
}
