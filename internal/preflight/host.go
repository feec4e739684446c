package preflight

import (
	"fmt"
	"slices"
	"time"
)

// maxSkew is what a request on a loaded machine may add to a time read over a
// socket. Beyond it, events of the last seconds seem to lie in the future.
const maxSkew = 2 * time.Second

// rhelFamily are the distributions that upstream's documentation advises
// against, by their ID in os-release; others name one of them in ID_LIKE.
var rhelFamily = []string{"rhel", "centos", "rocky", "almalinux", "ol", "fedora", "amzn"}

func hostChecks() []Check {
	return []Check{
		{ID: "host-os", Title: "Operating system of this host", Severity: Block,
			Source: "develop.sentry.dev/self-hosted: Alpine is not supported, RHEL family and Amazon Linux are advised against", Judge: judgeOS},
		{ID: "clock-skew", Title: "Clock of the Engine against this host", Severity: Warn,
			Source: "signatures and event times; a VM's clock stops while the host sleeps", Judge: judgeSkew},
		{ID: "clock-sync", Title: "Clock is kept by a time service", Severity: Warn,
			Source: "adjtimex(2): STA_UNSYNC", Judge: judgeSynced},
		{ID: "selinux", Title: "SELinux", Severity: Warn,
			Source: "containers may not read mounted files without a label", Judge: judgeSELinux},
		{ID: "apparmor", Title: "AppArmor", Severity: Info,
			Source: "Docker's default profile is enough", Judge: judgeAppArmor},
		{ID: "umask", Title: "Mode that new files get", Severity: Warn,
			Source: "upstream install.sh sets 002: containers read mounted files as other users", Judge: judgeUmask},
	}
}

func judgeOS(f Facts, _ Target) Verdict {
	const want = "Debian, Ubuntu or another Linux distribution with glibc"
	return judge(f.Host.OS, func(os OS) Verdict {
		name := os.Name + " " + os.Version
		ids := append([]string{os.ID}, os.Like...)
		family := func(id string) bool { return slices.Contains(rhelFamily, id) }
		switch {
		case slices.Contains(ids, "alpine"):
			return bad(name, want, "Install on Debian or Ubuntu")
		case slices.ContainsFunc(ids, family):
			return bad(name, want, "Prefer Debian or Ubuntu; here, take Docker Engine from https://docs.docker.com/engine/install/ and mind SELinux and firewalld").as(Warn)
		}
		return pass(name, want)
	}).wanting(want)
}

func judgeSkew(f Facts, _ Target) Verdict {
	want := fmt.Sprintf("%.0f s or less", maxSkew.Seconds())
	return judge(f.Clock, func(skew time.Duration) Verdict {
		got := fmt.Sprintf("%+.1f s", skew.Seconds())
		if skew.Abs() > maxSkew {
			return bad(got, want, "Synchronise both clocks: sudo timedatectl set-ntp true; on Docker Desktop restart its VM")
		}
		return pass(got, want)
	}).wanting(want)
}

func judgeSynced(f Facts, _ Target) Verdict {
	const want = "synchronised"
	return judge(f.Synced, func(synced bool) Verdict {
		if synced {
			return pass("synchronised", want)
		}
		hint := "Install and start a time service such as chrony"
		if f.Host.Init == "systemd" {
			hint = "sudo timedatectl set-ntp true"
		}
		return bad("not synchronised", want, hint)
	}).wanting(want)
}

func judgeSELinux(f Facts, t Target) Verdict {
	const want = "off, permissive, or files labelled for containers"
	switch mode := f.Host.SELinux; {
	case mode == "":
		return pass("off", want)
	case mode != "enforcing":
		return pass(mode, want)
	}
	return bad("enforcing", want, fmt.Sprintf("sudo semanage fcontext -a -t container_file_t '%s(/.*)?' && sudo restorecon -R %s", t.SiteDir, t.SiteDir))
}

func judgeAppArmor(f Facts, _ Target) Verdict {
	if f.Host.AppArmor {
		return pass("on", "on or off")
	}
	return pass("off", "on or off")
}

func judgeUmask(f Facts, _ Target) Verdict {
	const want = "0022 or 0002"
	return judge(f.Host.Umask, func(umask uint32) Verdict {
		got := fmt.Sprintf("%04o", umask)
		switch {
		case umask&0o005 != 0:
			return bad(got+": containers of other users cannot read new files", want, "umask 0022, then start sentryctl again")
		case umask&0o002 == 0:
			return bad(got+": everybody may write to new files", want, "umask 0022, then start sentryctl again")
		}
		return pass(got, want)
	}).wanting(want)
}
