package preflight

import (
	"fmt"
	"time"
)

// slowSync is where databases begin to suffer; etcd and Replicated's fio check
// draw the line at the same p99.
const slowSync = 10 * time.Millisecond

func diskChecks() []Check {
	return []Check{
		{ID: "disk-engine", Title: "Free disk under the Engine's root", Severity: Block,
			Source: "develop.sentry.dev/self-hosted: 20 GB of free disk", Judge: judgeEngineDisk},
		{ID: "disk-site", Title: "Free disk at the site", Severity: Block,
			Source: "releases, checkpoints and the journal lie there", Judge: judgeSiteDisk},
		{ID: "disk-latency-engine", Title: "Sync latency of the Engine's disk", Severity: Warn,
			Source: "PostgreSQL, Kafka and ClickHouse sync on every commit; etcd asks for p99 below 10 ms", Judge: judgeEngineSync},
		{ID: "disk-latency-site", Title: "Sync latency of the site's disk", Severity: Warn,
			Source: "every step of a run is synced to its journal", Judge: judgeSiteSync},
	}
}

func judgeEngineDisk(f Facts, t Target) Verdict {
	return judge(f.Probe, func(p Probe) Verdict {
		return judgeFree(p.Disk, t.withData(), "docker system df shows what can go; or move data-root in /etc/docker/daemon.json to a larger disk")
	}).wanting(wantFree(t.withData()))
}

// withData are the minimums of the Engine's disk, with the data that is going
// to be written there.
func (t Target) withData() Minimums {
	m := t.Minimums
	m.DiskGiB += int((t.Data + gib - 1) / gib)
	return m
}

func judgeSiteDisk(f Facts, t Target) Verdict {
	return judge(f.Site, func(s Site) Verdict {
		return judgeFree(s.Disk, t.Minimums, "Free space, or choose another place: --site DIR")
	}).wanting(wantFree(t.Minimums))
}

func wantFree(m Minimums) string {
	if m.DiskGiB == 0 {
		return ""
	}
	return fmt.Sprintf("%d GiB free at least", m.DiskGiB)
}

func judgeFree(d Disk, m Minimums, hint string) Verdict {
	got := formatGiB(d.FreeBytes) + " free of " + formatGiB(d.TotalBytes)
	if d.FileSystem != "" {
		got += " (" + d.FileSystem + ")"
	}
	switch {
	case m.DiskGiB == 0:
		return skip("no minimum is known for this version")
	case d.FreeBytes < int64(m.DiskGiB)*gib:
		return bad(got, "", hint)
	}
	return pass(got, "")
}

func judgeEngineSync(f Facts, _ Target) Verdict {
	return judge(f.Probe, func(p Probe) Verdict {
		return judgeSync(p.Sync, "Move the Engine's data to a local SSD: data-root in /etc/docker/daemon.json")
	}).wanting(wantSync)
}

func judgeSiteSync(f Facts, _ Target) Verdict {
	return judge(f.SiteSync, func(l Latency) Verdict {
		return judgeSync(l, "Put the site on a local SSD: --site DIR")
	}).wanting(wantSync)
}

var wantSync = fmt.Sprintf("p99 of %s or less", formatMS(slowSync))

func judgeSync(l Latency, hint string) Verdict {
	got := fmt.Sprintf("p99 %s, median %s over %d writes", formatMS(l.P99), formatMS(l.P50), l.Samples)
	switch {
	case l.Samples == 0:
		return unknown("no write was timed")
	case l.P99 > slowSync:
		return bad(got, "", hint)
	}
	return pass(got, "")
}

func formatMS(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}
