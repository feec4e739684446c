package preflight_test

import (
	"testing"

	"github.com/sentryctl/sentryctl/internal/preflight"
)

func probe(change func(*preflight.Probe)) func(*preflight.Facts) {
	return func(f *preflight.Facts) { change(&f.Probe.Value) }
}

// noProbe is an Engine that answers and runs no helper.
func noProbe(f *preflight.Facts) {
	f.Probe = preflight.NotKnown[preflight.Probe]("no helper could run")
}

func errorsOnly(tg *preflight.Target) {
	tg.Profile = "errors-only"
	tg.Minimums.CPUs, tg.Minimums.RAMMiB = 2, 7000
}

func noMinimums(tg *preflight.Target) { tg.Minimums = preflight.Minimums{} }

func TestCPUChecks(t *testing.T) {
	const ok, bad, unknown, skipped = preflight.OK, preflight.Bad, preflight.Unknown, preflight.Skipped
	const block, warn, info = preflight.Block, preflight.Warn, preflight.Info
	cpus := func(n int) func(*preflight.Facts) { return probe(func(p *preflight.Probe) { p.CPUs = n }) }
	model := func(name string, flags ...string) func(*preflight.Facts) {
		return probe(func(p *preflight.Probe) { p.CPUModel, p.CPUFlags = name, flags })
	}
	run(t, []verdictCase{
		{name: "as many as asked", check: "cpu-count", state: ok, severity: block, got: "4", want: "4 or more", facts: cpus(4)},
		{name: "one less", check: "cpu-count", state: bad, severity: block, got: "3", hint: "--profile errors-only", facts: cpus(3)},
		{name: "enough for errors only", check: "cpu-count", state: ok, severity: block, got: "3", want: "2 or more", facts: cpus(3), target: errorsOnly},
		{name: "too few for errors only", check: "cpu-count", state: bad, severity: block, got: "1", hint: "more CPUs", facts: cpus(1), target: errorsOnly},
		{name: "a quota counts", check: "cpu-count", state: bad, severity: block, got: "2",
			facts: probe(func(p *preflight.Probe) { p.Cgroup.CPUs = 2.5 })},
		{name: "the Engine's word without a probe", check: "cpu-count", state: ok, severity: block, got: "8", facts: noProbe},
		{name: "the Engine does not say", check: "cpu-count", state: unknown, severity: info, got: "unknown because the Engine does not say",
			facts: func(f *preflight.Facts) { noProbe(f); f.Engine.Value.CPUs = 0 }},
		{name: "no minimum", check: "cpu-count", state: skipped, severity: info, got: "skipped because no minimum is known for this version", want: "", target: noMinimums},

		{name: "there", check: "cpu-sse42", state: ok, severity: block, got: "sse4_2", want: "sse4_2 among the CPU's flags"},
		{name: "missing", check: "cpu-sse42", state: bad, severity: block, got: "no sse4_2 on Opteron 246", hint: "qm set", facts: model("Opteron 246", "sse2")},
		{name: "hidden by KVM", check: "cpu-sse42", state: bad, severity: warn, got: "no sse4_2, but the model Common KVM processor hides flags", hint: "qm set",
			facts: model("Common KVM processor", "sse2")},
		{name: "KVM that shows it", check: "cpu-sse42", state: ok, severity: block, got: "sse4_2", facts: model("Common KVM processor", "sse4_2")},
		{name: "arm64 has none and needs none", check: "cpu-sse42", state: skipped, severity: info, got: "skipped because the instruction set belongs to amd64, and this is arm64",
			facts: probe(func(p *preflight.Probe) { p.Arch, p.CPUFlags = "arm64", []string{"asimd"} })},
		{name: "no flags to read", check: "cpu-sse42", state: unknown, severity: info, got: "unknown because /proc/cpuinfo lists no flags", facts: model("Xeon")},
		{name: "no probe", check: "cpu-sse42", state: unknown, severity: info, got: "unknown because no helper could run", facts: noProbe},
	})
}

func TestMemoryChecks(t *testing.T) {
	const ok, bad, unknown, skipped = preflight.OK, preflight.Bad, preflight.Unknown, preflight.Skipped
	const block, warn, info = preflight.Block, preflight.Warn, preflight.Info
	ram := func(mibs int64) func(*preflight.Facts) {
		return probe(func(p *preflight.Probe) { p.MemoryBytes = mibs * mib })
	}
	memory := func(ramMiB, swapMiB int64) func(*preflight.Facts) {
		return probe(func(p *preflight.Probe) { p.MemoryBytes, p.SwapBytes = ramMiB*mib, swapMiB*mib })
	}
	run(t, []verdictCase{
		{name: "ample", check: "ram", state: ok, severity: block, got: "32768 MiB", want: "14000 MiB at least, 16384 MiB recommended"},
		{name: "sold as 16 GB", check: "ram", state: ok, severity: block, got: "15900 MiB", facts: ram(15900)},
		{name: "the hard floor", check: "ram", state: bad, severity: warn, got: "14000 MiB", hint: "more memory", facts: ram(14000)},
		{name: "below the hard floor", check: "ram", state: bad, severity: block, got: "13999 MiB", hint: "--profile errors-only", facts: ram(13999)},
		{name: "errors only", check: "ram", state: bad, severity: warn, got: "7000 MiB", facts: ram(7000), target: errorsOnly},
		{name: "too little for errors only", check: "ram", state: bad, severity: block, got: "6999 MiB", facts: ram(6999), target: errorsOnly},
		{name: "a limit counts", check: "ram", state: bad, severity: block, got: "8192 MiB",
			facts: probe(func(p *preflight.Probe) { p.Cgroup.MemoryBytes = 8 * gib })},
		{name: "the Engine's word without a probe", check: "ram", state: ok, severity: block, got: "32768 MiB", facts: noProbe},
		{name: "nobody says", check: "ram", state: unknown, severity: info, got: "unknown because the Engine does not answer",
			facts: func(f *preflight.Facts) { noProbe(f); off(f) }},
		{name: "no minimum", check: "ram", state: skipped, severity: info, got: "skipped because no minimum is known for this version", target: noMinimums},

		{name: "memory enough without", check: "swap", state: skipped, severity: info, got: "skipped because there is memory enough without"},
		{name: "16 and 16", check: "swap", state: ok, severity: warn, got: "16384 MiB", want: "16384 MiB", facts: memory(16384, 16384)},
		{name: "none", check: "swap", state: bad, severity: warn, got: "0 MiB", hint: "sudo fallocate -l 16384M /swapfile-sentryctl", facts: memory(16384, 0)},
		{name: "none on another machine", check: "swap", state: bad, severity: warn, got: "0 MiB", hint: "Add 16384 MiB of swap on the Engine's host",
			facts: func(f *preflight.Facts) { memory(16384, 0)(f); f.Engine.Value.Local = false }},
		{name: "nothing recommended", check: "swap", state: skipped, severity: info, got: "skipped because no swap is recommended for this version", target: noMinimums},
		{name: "no probe", check: "swap", state: unknown, severity: info, got: "unknown because no helper could run", facts: noProbe},
	})
}
