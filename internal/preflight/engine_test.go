package preflight_test

import (
	"testing"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/preflight"
)

// engine changes what the Engine says of itself.
func engine(change func(*preflight.Engine)) func(*preflight.Facts) {
	return func(f *preflight.Facts) { change(&f.Engine.Value) }
}

func version(v string) func(*preflight.Facts) {
	return engine(func(e *preflight.Engine) { e.Version = v })
}

func off(f *preflight.Facts) { f.Engine = preflight.NotKnown[preflight.Engine]("nobody listens") }

func TestEngineChecks(t *testing.T) {
	const ok, bad, unknown, skipped = preflight.OK, preflight.Bad, preflight.Unknown, preflight.Skipped
	const block, warn, info = preflight.Block, preflight.Warn, preflight.Info
	const silent = "unknown because the Engine does not answer"
	run(t, []verdictCase{
		{name: "answers", check: "engine-reachable", state: ok, severity: block, got: "unix:///var/run/docker.sock", want: "a Docker Engine that answers"},
		{name: "off under systemd", check: "engine-reachable", state: bad, severity: block, got: "nobody listens", hint: "sudo systemctl enable --now docker",
			facts: off},
		{name: "off, another init", check: "engine-reachable", state: bad, severity: block, got: "nobody listens", hint: "sudo service docker start",
			facts: func(f *preflight.Facts) { off(f); f.Host.Init = "sysv" }},
		{name: "not installed on Debian", check: "engine-reachable", state: bad, severity: block, got: "nobody listens", hint: "apt-get install -y docker.io",
			facts: func(f *preflight.Facts) { off(f); f.Host.Dockerd = false }},
		{name: "not installed on Arch", check: "engine-reachable", state: bad, severity: block, got: "nobody listens", hint: "https://docs.docker.com",
			facts: func(f *preflight.Facts) {
				off(f)
				f.Host.Dockerd = false
				f.Host.OS = preflight.Know(preflight.OS{ID: "arch"})
			}},
		{name: "elsewhere", check: "engine-reachable", state: bad, severity: block, got: "nobody listens", hint: "Check DOCKER_HOST",
			facts: func(f *preflight.Facts) {
				off(f)
				f.Host.EngineHere, f.EngineHint = false, "Check DOCKER_HOST"
			}},
		{name: "no permission", check: "engine-reachable", state: bad, severity: block, got: "permission denied", hint: "Join the docker group",
			facts: func(f *preflight.Facts) {
				f.Engine = preflight.NotKnown[preflight.Engine]("permission denied")
				f.EngineHint = "Join the docker group"
			}},

		{name: "new", check: "engine-version", state: ok, severity: block, got: "28.3.0", want: "19.03.6 or newer"},
		{name: "exactly", check: "engine-version", state: ok, severity: block, got: "19.03.6", facts: version("19.03.6")},
		{name: "old", check: "engine-version", state: bad, severity: block, got: "19.03.5", hint: "Upgrade Docker Engine", facts: version("19.03.5")},
		{name: "Debian's suffix", check: "engine-version", state: ok, severity: block, got: "20.10.24+dfsg1", facts: version("20.10.24+dfsg1")},
		{name: "nonsense", check: "engine-version", state: unknown, severity: info, got: `unknown because the Engine calls its version "dev"`, facts: version("dev")},
		{name: "no Engine", check: "engine-version", state: unknown, severity: info, got: silent, facts: off},
		{name: "Podman", check: "engine-version", state: skipped, severity: info, got: "skipped because Podman counts its own versions",
			facts: engine(func(e *preflight.Engine) { e.Podman, e.Version = true, "4.9.3" })},
		{name: "no row in the catalog", check: "engine-version", state: bad, severity: block, got: "18.09.1", want: "19.03.6 or newer", facts: version("18.09.1"),
			target: func(tg *preflight.Target) { tg.Minimums = preflight.Minimums{} }},

		{name: "new", check: "engine-api", state: ok, severity: block, got: "1.51", want: "1.40 or newer"},
		{name: "old", check: "engine-api", state: bad, severity: block, got: "1.39", hint: "Upgrade", facts: engine(func(e *preflight.Engine) { e.APIVersion = "1.39" })},
		{name: "silent", check: "engine-api", state: unknown, severity: info, got: `unknown because the Engine calls its API ""`, facts: engine(func(e *preflight.Engine) { e.APIVersion = "" })},

		{name: "amd64", check: "engine-arch", state: ok, severity: block, got: "linux/amd64"},
		{name: "arm64", check: "engine-arch", state: ok, severity: block, got: "linux/arm64", facts: engine(func(e *preflight.Engine) { e.Arch = "aarch64" })},
		{name: "arm64 before all images had it", check: "engine-arch", state: bad, severity: warn, got: "linux/arm64", want: "linux/amd64 for 25.5.1", hint: "Install 25.6.0 or newer",
			facts:  engine(func(e *preflight.Engine) { e.Arch = "aarch64" }),
			target: func(tg *preflight.Target) { tg.Version = calver.MustParse("25.5.1") }},
		{name: "riscv", check: "engine-arch", state: bad, severity: block, got: "linux/riscv64", hint: "amd64 or arm64", facts: engine(func(e *preflight.Engine) { e.Arch = "riscv64" })},
		{name: "Windows containers", check: "engine-arch", state: bad, severity: block, got: "windows/amd64", hint: "Linux containers", facts: engine(func(e *preflight.Engine) { e.OSType = "windows" })},

		{name: "root", check: "engine-rootless", state: ok, severity: warn, got: "root"},
		{name: "rootless", check: "engine-rootless", state: bad, severity: warn, got: "rootless", hint: "ports below 1024", facts: engine(func(e *preflight.Engine) { e.Rootless = true })},
		{name: "Desktop", check: "engine-desktop", state: bad, severity: warn, got: "Docker Desktop", hint: "Resources",
			facts: engine(func(e *preflight.Engine) { e.Desktop, e.OperatingSystem = true, "Docker Desktop" })},
		{name: "snap, site elsewhere", check: "engine-snap", state: bad, severity: block, got: "snap, under /var/snap/docker; it cannot mount files from /opt/sentry", hint: "snap remove",
			facts: engine(func(e *preflight.Engine) { e.Snap, e.RootDir = true, "/var/snap/docker" })},
		{name: "snap, site in /home", check: "engine-snap", state: bad, severity: warn, got: "snap, under /var/snap/docker", hint: "snap remove",
			facts:  engine(func(e *preflight.Engine) { e.Snap, e.RootDir = true, "/var/snap/docker" }),
			target: func(tg *preflight.Target) { tg.SiteDir = "/home/ada/sentry" }},
		{name: "Podman", check: "engine-podman", state: bad, severity: warn, got: "Podman's socket", hint: "DOCKER_HOST", facts: engine(func(e *preflight.Engine) { e.Podman = true })},

		{name: "containerd's overlay", check: "engine-storage", state: ok, severity: warn, got: "overlayfs", facts: engine(func(e *preflight.Engine) { e.StorageDriver = "overlayfs" })},
		{name: "vfs", check: "engine-storage", state: bad, severity: warn, got: "vfs", hint: "daemon.json", facts: engine(func(e *preflight.Engine) { e.StorageDriver = "vfs" })},

		{name: "none", check: "compose-plugin", state: ok, severity: info, got: "none", facts: func(f *preflight.Facts) { f.Compose = preflight.Know("") }},
		{name: "there", check: "compose-plugin", state: ok, severity: info, got: "2.32.2"},
	})
}

func TestNofile(t *testing.T) {
	grant := func(g preflight.NofileGrant) func(*preflight.Facts) {
		return func(f *preflight.Facts) { f.Nofile = preflight.Know(g) }
	}
	refused := preflight.NofileGrant{Asked: 262144, Limit: 20000}
	run(t, []verdictCase{
		{name: "granted", check: "engine-nofile", state: preflight.OK, severity: preflight.Block, got: "262144 granted", want: "262144 for clickhouse"},
		{name: "refused under systemd", check: "engine-nofile", state: preflight.Bad, severity: preflight.Block,
			got: "the daemon refuses 262144; its own limit is 20000", hint: "LimitNOFILE=262144", facts: grant(refused)},
		{name: "refused, another init", check: "engine-nofile", state: preflight.Bad, severity: preflight.Block,
			got: "the daemon refuses 262144; its own limit is 20000", hint: "\n  clickhouse: {ulimits: {nofile: {soft: 20000, hard: 20000}}}",
			facts: func(f *preflight.Facts) { grant(refused)(f); f.Host.Init = "sysv" }},
		{name: "refused, limit unknown", check: "engine-nofile", state: preflight.Bad, severity: preflight.Block,
			got: "the daemon refuses 262144", hint: "LimitNOFILE=262144", facts: grant(preflight.NofileGrant{Asked: 262144})},
		{name: "less was tried", check: "engine-nofile", state: preflight.Unknown, severity: preflight.Info,
			got: "unknown because only 1024 was tried", facts: grant(preflight.NofileGrant{Asked: 1024, Granted: true})},
		{name: "not tried", check: "engine-nofile", state: preflight.Unknown, severity: preflight.Info, got: "unknown because no helper",
			facts: func(f *preflight.Facts) { f.Nofile = preflight.NotKnown[preflight.NofileGrant]("no helper") }},
		{name: "nothing asked", check: "engine-nofile", state: preflight.Skipped, severity: preflight.Info,
			got:    "skipped because no release was looked at, or it asks for no limit",
			target: func(tg *preflight.Target) { tg.Nofile = nil }},
	})
}
