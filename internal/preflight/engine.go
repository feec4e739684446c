package preflight

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sentryctl/sentryctl/internal/calver"
)

const (
	// minEngine is what upstream's installer asks for since 20.10.0
	// (install/_min-requirements.sh); the catalog may ask for more.
	minEngine = "19.03.6"
	// minAPI is the oldest Engine API that the embedded Compose speaks.
	minAPI = "1.40"
)

// arm64Since is the first release without an image that exists for amd64
// alone (its changelog: the smtp image moved, pull request 3746).
var arm64Since = calver.MustParse("25.6.0")

func engineChecks() []Check {
	return []Check{
		{ID: "engine-reachable", Title: "Docker Engine answers", Severity: Block, Strict: true,
			Source: "everything runs on it", Judge: judgeReachable},
		{ID: "engine-version", Title: "Docker Engine version", Severity: Block,
			Source: "upstream install/_min-requirements.sh: MIN_DOCKER_VERSION", Judge: judgeEngineVersion},
		{ID: "engine-api", Title: "Engine API version", Severity: Block, Strict: true,
			Source: "oldest API of the embedded Compose", Judge: judgeAPI},
		{ID: "engine-arch", Title: "Architecture of the Engine", Severity: Block, Strict: true,
			Source: "upstream install/detect-platform.sh; self-hosted pull request 3746", Judge: judgeArch},
		{ID: "engine-rootless", Title: "Engine runs as root", Severity: Warn,
			Source: "docs.docker.com/engine/security/rootless, known limitations", Judge: judgeRootless},
		{ID: "engine-desktop", Title: "Engine is not Docker Desktop", Severity: Warn,
			Source: "Docker Desktop runs containers in a VM with limits of its own", Judge: judgeDesktop},
		{ID: "engine-snap", Title: "Engine is not a snap", Severity: Warn,
			Source: "snap confinement: the daemon sees /home and little else", Judge: judgeSnap},
		{ID: "engine-podman", Title: "Engine is not Podman", Severity: Warn,
			Source: "not tested; upstream knows Podman since 25.8.0 through its own scripts", Judge: judgePodman},
		{ID: "engine-storage", Title: "Storage driver of the Engine", Severity: Warn,
			Source: "docs.docker.com/engine/storage/drivers/select-storage-driver", Judge: judgeStorage},
		{ID: "engine-nofile", Title: "Open files that the daemon grants", Severity: Block, Strict: true,
			Source: "ulimits in the release's docker-compose.yml; a container that asks for more does not start", Judge: judgeNofile},
		{ID: "compose-plugin", Title: "Compose plugin on this host", Severity: Info,
			Source: "not needed: Compose is built in", Judge: judgeCompose},
	}
}

// needEngine skips a question that makes no sense without an Engine.
func needEngine(f Facts, rule func(Engine) Verdict) Verdict {
	if !f.Engine.Known {
		return unknown("the Engine does not answer")
	}
	return rule(f.Engine.Value)
}

func judgeReachable(f Facts, _ Target) Verdict {
	const want = "a Docker Engine that answers"
	if f.Engine.Known {
		return pass(f.Engine.Value.Address, want)
	}
	return bad(f.Engine.Reason, want, reachHint(f))
}

// reachHint says how to get an Engine here, or repeats what the attempt to
// reach one elsewhere advised.
func reachHint(f Facts) string {
	h := f.Host
	switch {
	case engineDown(f) && !h.Dockerd && canInstallEngine(h):
		return "sudo apt-get update && sudo apt-get install -y docker.io   # or: sentryctl preflight --fix"
	case engineDown(f) && h.Dockerd && h.Init == "systemd":
		return "sudo systemctl enable --now docker   # or: sentryctl preflight --fix"
	case engineDown(f) && h.Dockerd && h.Init == "sysv":
		return "sudo service docker start   # or: sentryctl preflight --fix"
	case f.EngineHint != "":
		return f.EngineHint
	}
	return "Install Docker Engine and start it: https://docs.docker.com/engine/install/"
}

// engineDown tells whether the Engine that does not answer would be on this
// host and is simply not running: who may not open its socket needs a right.
func engineDown(f Facts) bool {
	return !f.Engine.Known && f.Host.EngineHere && !strings.Contains(f.Engine.Reason, "permission denied")
}

func judgeEngineVersion(f Facts, t Target) Verdict {
	return needEngine(f, func(e Engine) Verdict {
		want := minEngine
		if t.Minimums.Engine != "" {
			want = t.Minimums.Engine
		}
		switch got := parseDotted(e.Version); {
		case e.Podman:
			return skip("Podman counts its own versions")
		case len(got) == 0:
			return unknown(fmt.Sprintf("the Engine calls its version %q", e.Version)).wanting(want + " or newer")
		case got.less(parseDotted(want)):
			return bad(e.Version, want+" or newer", "Upgrade Docker Engine: https://docs.docker.com/engine/install/")
		}
		return pass(e.Version, want+" or newer")
	})
}

func judgeAPI(f Facts, _ Target) Verdict {
	return needEngine(f, func(e Engine) Verdict {
		switch got := parseDotted(e.APIVersion); {
		case len(got) == 0:
			return unknown(fmt.Sprintf("the Engine calls its API %q", e.APIVersion)).wanting(minAPI + " or newer")
		case got.less(parseDotted(minAPI)):
			return bad(e.APIVersion, minAPI+" or newer", "Upgrade Docker Engine: https://docs.docker.com/engine/install/")
		}
		return pass(e.APIVersion, minAPI+" or newer")
	})
}

func judgeArch(f Facts, t Target) Verdict {
	return needEngine(f, func(e Engine) Verdict {
		const want = "linux/amd64 or linux/arm64"
		got := e.OSType + "/" + normalArch(e.Arch)
		switch got {
		case "linux/amd64":
			return pass(got, want)
		case "linux/arm64":
			if !t.Version.IsZero() && t.Version.Less(arm64Since) {
				return bad(got, "linux/amd64 for "+t.Version.String(), "Install "+arm64Since.String()+" or newer: older releases carry images without an arm64 build").as(Warn)
			}
			return pass(got, want)
		}
		return bad(got, want, "Use an Engine with Linux containers on an amd64 or arm64 machine; Sentry's images exist for these alone")
	})
}

// normalArch gives the name that images use to what uname says.
func normalArch(arch string) string {
	switch arch {
	case "x86_64":
		return "amd64"
	case "aarch64":
		return "arm64"
	}
	return arch
}

func judgeRootless(f Facts, _ Target) Verdict {
	return needEngine(f, func(e Engine) Verdict {
		if e.Rootless {
			return bad("rootless", "an Engine that runs as root", "Expect that ports below 1024, nofile limits and memory limits are not granted; to use the system's Engine: docker context use default")
		}
		return pass("root", "an Engine that runs as root")
	})
}

func judgeDesktop(f Facts, _ Target) Verdict {
	return needEngine(f, func(e Engine) Verdict {
		if e.Desktop {
			return bad(e.OperatingSystem, "a Linux server", "Give the VM enough memory, CPUs and disk under Settings > Resources, and share the site's directory under File sharing; do not run production on it")
		}
		return pass(e.OperatingSystem, "a Linux server")
	})
}

func judgeSnap(f Facts, t Target) Verdict {
	return needEngine(f, func(e Engine) Verdict {
		if !e.Snap {
			return pass("not a snap", "an Engine outside of snap")
		}
		v := bad("snap, under "+e.RootDir, "an Engine outside of snap", "sudo snap remove docker && sudo apt-get install -y docker.io")
		if t.SiteDir != "" && !strings.HasPrefix(t.SiteDir, "/home/") {
			v.Got += "; it cannot mount files from " + t.SiteDir
			return v.as(Block)
		}
		return v
	})
}

func judgePodman(f Facts, _ Target) Verdict {
	return needEngine(f, func(e Engine) Verdict {
		if e.Podman {
			return bad("Podman's socket", "Docker Engine", "Use Docker Engine: https://docs.docker.com/engine/install/, and unset DOCKER_HOST if it points to Podman")
		}
		return pass("Docker", "Docker Engine")
	})
}

// goodDrivers write at the speed of the disk; the others copy, go through user
// space, or are no longer maintained.
var goodDrivers = []string{"overlay2", "overlayfs", "btrfs", "zfs"}

func judgeStorage(f Facts, _ Target) Verdict {
	return needEngine(f, func(e Engine) Verdict {
		const want = "overlay2"
		if slices.Contains(goodDrivers, e.StorageDriver) {
			return pass(e.StorageDriver, want)
		}
		return bad(e.StorageDriver, want, `Set {"storage-driver":"overlay2"} in /etc/docker/daemon.json and restart the daemon; images must be pulled again`)
	})
}

func judgeNofile(f Facts, t Target) Verdict {
	ask := t.LargestNofile()
	if ask.Hard == 0 {
		return skip("no release was looked at, or it asks for no limit")
	}
	want := fmt.Sprintf("%d for %s", ask.Hard, ask.Service)
	v := judge(f.Nofile, func(g NofileGrant) Verdict {
		switch {
		case g.Granted && g.Asked >= ask.Hard:
			return pass(fmt.Sprintf("%d granted", g.Asked), want)
		case g.Granted:
			return unknown(fmt.Sprintf("only %d was tried", g.Asked))
		case g.Limit > 0:
			return bad(fmt.Sprintf("the daemon refuses %d; its own limit is %d", g.Asked, g.Limit), want, nofileHint(f.Host, t, g.Limit))
		}
		return bad(fmt.Sprintf("the daemon refuses %d", g.Asked), want, nofileHint(f.Host, t, 0))
	})
	return v.wanting(want)
}

// nofileHint raises the daemon's limit where systemd runs it. Elsewhere the
// stack must ask for less, which an override file can say for each service.
func nofileHint(h Host, t Target, limit int64) string {
	if h.Init == "systemd" || limit == 0 {
		return fmt.Sprintf("sudo mkdir -p /etc/systemd/system/docker.service.d && printf '[Service]\\nLimitNOFILE=%d\\n' | sudo tee /etc/systemd/system/docker.service.d/nofile.conf && sudo systemctl daemon-reload && sudo systemctl restart docker", t.LargestNofile().Hard)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Start dockerd under a higher limit (ulimit -n %d), or ask for less in %s/docker-compose.override.yml:\nservices:", t.LargestNofile().Hard, t.SiteDir)
	for _, n := range t.Nofile {
		if n.Hard > limit {
			fmt.Fprintf(&b, "\n  %s: {ulimits: {nofile: {soft: %d, hard: %d}}}", n.Service, limit, limit)
		}
	}
	return b.String()
}

func judgeCompose(f Facts, _ Target) Verdict {
	return judge(f.Compose, func(v string) Verdict {
		if v == "" {
			return pass("none", "nothing: Compose is built in")
		}
		return pass(v, "nothing: Compose is built in")
	})
}
