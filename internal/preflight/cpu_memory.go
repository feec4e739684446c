package preflight

import (
	"fmt"
	"slices"
	"strings"
)

func cpuMemoryChecks() []Check {
	return []Check{
		{ID: "cpu-count", Title: "CPUs that the Engine has", Severity: Block,
			Source: "upstream install/_min-requirements.sh: MIN_CPU_HARD", Judge: judgeCPUs},
		{ID: "cpu-sse42", Title: "CPU has SSE 4.2", Severity: Block, Strict: true,
			Source: "ClickHouse stops without it; upstream install/check-minimum-requirements.sh, self-hosted issue 340", Judge: judgeSSE42},
		{ID: "ram", Title: "Memory that the Engine has", Severity: Block,
			Source: "upstream install/_min-requirements.sh: MIN_RAM_HARD; develop.sentry.dev/self-hosted", Judge: judgeRAM},
		{ID: "swap", Title: "Swap that the Engine has", Severity: Warn,
			Source: "develop.sentry.dev/self-hosted: 16 GB of RAM and 16 GB of swap, or 32 GB of RAM", Judge: judgeSwap},
	}
}

func judgeCPUs(f Facts, t Target) Verdict {
	want := fmt.Sprintf("%d or more", t.Minimums.CPUs)
	cpus, reason := seenCPUs(f)
	switch {
	case t.Minimums.CPUs == 0:
		return skip("no minimum is known for this version")
	case cpus == 0:
		return unknown(reason).wanting(want)
	case cpus < t.Minimums.CPUs:
		return bad(fmt.Sprint(cpus), want, "Give the machine more CPUs"+smallerProfile(t))
	}
	return pass(fmt.Sprint(cpus), want)
}

// smallerProfile points to the profile that needs less.
func smallerProfile(t Target) string {
	if t.Profile == "feature-complete" {
		return ", or install fewer features: --profile errors-only"
	}
	return ""
}

// seenCPUs prefers what a container sees: a limit that holds for all
// containers does not show in what the Engine says.
func seenCPUs(f Facts) (cpus int, reason string) {
	switch {
	case f.Probe.Known:
		cpus = f.Probe.Value.CPUs
		if quota := f.Probe.Value.Cgroup.CPUs; quota > 0 && quota < float64(cpus) {
			cpus = int(quota)
		}
		return cpus, ""
	case f.Engine.Known:
		return f.Engine.Value.CPUs, "the Engine does not say"
	}
	return 0, "the Engine does not answer"
}

func seenRAM(f Facts) (bytes int64, reason string) {
	switch {
	case f.Probe.Known:
		bytes = f.Probe.Value.MemoryBytes
		if limit := f.Probe.Value.Cgroup.MemoryBytes; limit > 0 {
			bytes = min(bytes, limit)
		}
		return bytes, ""
	case f.Engine.Known:
		return f.Engine.Value.MemoryBytes, "the Engine does not say"
	}
	return 0, "the Engine does not answer"
}

func judgeSSE42(f Facts, _ Target) Verdict {
	const want = "sse4_2 among the CPU's flags"
	return judge(f.Probe, func(p Probe) Verdict {
		switch {
		case p.Arch != "amd64":
			return skip("the instruction set belongs to amd64, and this is " + p.Arch)
		case slices.Contains(p.CPUFlags, "sse4_2"):
			return pass("sse4_2", want)
		case strings.Contains(p.CPUModel, "Common KVM processor"):
			// The generic KVM model hides flags that the CPU has.
			return bad("no sse4_2, but the model "+p.CPUModel+" hides flags", want, "Set the VM's CPU type to host (Proxmox: qm set <vmid> --cpu host)").as(Warn)
		case len(p.CPUFlags) == 0:
			return unknown("/proc/cpuinfo lists no flags")
		}
		return bad("no sse4_2 on "+p.CPUModel, want, "Use another machine, or set the VM's CPU type to host (Proxmox: qm set <vmid> --cpu host)")
	}).wanting(want)
}

func judgeRAM(f Facts, t Target) Verdict {
	m := t.Minimums
	want := fmt.Sprintf("%d MiB at least, %d MiB recommended", m.RAMMiB, m.RAMRecommendedMiB)
	ram, reason := seenRAM(f)
	switch {
	case m.RAMMiB == 0:
		return skip("no minimum is known for this version")
	case ram == 0:
		return unknown(reason).wanting(want)
	case ram < int64(m.RAMMiB)*mib:
		return bad(formatMiB(ram), want, "Give the machine more memory"+smallerProfile(t))
	case short(ram, m.RAMRecommendedMiB):
		return bad(formatMiB(ram), want, "Give the machine more memory when events come in late or containers are killed").as(Warn)
	}
	return pass(formatMiB(ram), want)
}

// short tells whether n is more than a twentieth below a recommendation: the
// kernel and the firmware keep some of what a machine is sold with.
func short(bytes int64, recommendedMiB int) bool {
	return bytes*20 < int64(recommendedMiB)*mib*19
}

func judgeSwap(f Facts, t Target) Verdict {
	need := t.Minimums.SwapRecommendedMiB
	want := fmt.Sprintf("%d MiB", need)
	if need == 0 {
		return skip("no swap is recommended for this version")
	}
	return judge(f.Probe, func(p Probe) Verdict {
		switch ram, _ := seenRAM(f); {
		case t.Minimums.RAMBetterMiB > 0 && !short(ram, t.Minimums.RAMBetterMiB):
			return skip("there is memory enough without")
		case short(p.SwapBytes, need):
			return bad(formatMiB(p.SwapBytes), want, swapHint(f, need))
		}
		return pass(formatMiB(p.SwapBytes), want)
	}).wanting(want)
}

func swapHint(f Facts, needMiB int) string {
	if f.Engine.Known && !f.Engine.Value.Local {
		return fmt.Sprintf("Add %d MiB of swap on the Engine's host", needMiB)
	}
	return fmt.Sprintf("sudo fallocate -l %dM %s && sudo chmod 600 %s && sudo mkswap %s && sudo swapon %s && echo '%s' | sudo tee -a /etc/fstab   # or: sentryctl preflight --fix",
		needMiB, swapFile, swapFile, swapFile, swapFile, swapLine)
}
