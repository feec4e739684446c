package preflight_test

import (
	"testing"
	"time"

	"github.com/sentryctl/sentryctl/internal/preflight"
)

func host(change func(*preflight.Host)) func(*preflight.Facts) {
	return func(f *preflight.Facts) { change(&f.Host) }
}

func TestHostChecks(t *testing.T) {
	const ok, bad, unknown = preflight.OK, preflight.Bad, preflight.Unknown
	const block, warn, info = preflight.Block, preflight.Warn, preflight.Info
	system := func(id, name, version string, like ...string) func(*preflight.Facts) {
		return host(func(h *preflight.Host) {
			h.OS = preflight.Know(preflight.OS{ID: id, Name: name, Version: version, Like: like})
		})
	}
	umask := func(mask uint32) func(*preflight.Facts) {
		return host(func(h *preflight.Host) { h.Umask = preflight.Know(mask) })
	}
	skew := func(d time.Duration) func(*preflight.Facts) {
		return func(f *preflight.Facts) { f.Clock = preflight.Know(d) }
	}
	run(t, []verdictCase{
		{name: "Debian", check: "host-os", state: ok, severity: block, got: "Debian GNU/Linux 12"},
		{name: "Alpine", check: "host-os", state: bad, severity: block, got: "Alpine Linux 3.20", hint: "Debian or Ubuntu", facts: system("alpine", "Alpine Linux", "3.20")},
		{name: "built on Alpine", check: "host-os", state: bad, severity: block, got: "postmarketOS 24", facts: system("postmarketos", "postmarketOS", "24", "alpine")},
		{name: "Amazon Linux", check: "host-os", state: bad, severity: warn, got: "Amazon Linux 2023", hint: "Prefer", facts: system("amzn", "Amazon Linux", "2023", "fedora")},
		{name: "RHEL", check: "host-os", state: bad, severity: warn, got: "Red Hat Enterprise Linux 9.4", facts: system("rhel", "Red Hat Enterprise Linux", "9.4", "fedora")},
		{name: "a clone", check: "host-os", state: bad, severity: warn, got: "EuroLinux 9", facts: system("eurolinux", "EuroLinux", "9", "rhel", "fedora", "centos")},
		{name: "not told", check: "host-os", state: unknown, severity: info, got: "unknown because no os-release",
			facts: host(func(h *preflight.Host) { h.OS = preflight.NotKnown[preflight.OS]("no os-release") })},

		{name: "close", check: "clock-skew", state: ok, severity: warn, got: "+0.1 s", want: "2 s or less"},
		{name: "behind", check: "clock-skew", state: bad, severity: warn, got: "-90.0 s", hint: "timedatectl", facts: skew(-90 * time.Second)},
		{name: "just", check: "clock-skew", state: ok, severity: warn, got: "+2.0 s", facts: skew(2 * time.Second)},
		{name: "kept", check: "clock-sync", state: ok, severity: warn, got: "synchronised"},
		{name: "not kept", check: "clock-sync", state: bad, severity: warn, got: "not synchronised", hint: "sudo timedatectl set-ntp true",
			facts: func(f *preflight.Facts) { f.Synced = preflight.Know(false) }},
		{name: "not kept without systemd", check: "clock-sync", state: bad, severity: warn, got: "not synchronised", hint: "chrony",
			facts: func(f *preflight.Facts) { f.Synced, f.Host.Init = preflight.Know(false), "" }},

		{name: "off", check: "selinux", state: ok, severity: warn, got: "off"},
		{name: "permissive", check: "selinux", state: ok, severity: warn, got: "permissive", facts: host(func(h *preflight.Host) { h.SELinux = "permissive" })},
		{name: "enforcing", check: "selinux", state: bad, severity: warn, got: "enforcing", hint: "restorecon -R /opt/sentry", facts: host(func(h *preflight.Host) { h.SELinux = "enforcing" })},
		{name: "off", check: "apparmor", state: ok, severity: info, got: "off"},
		{name: "on", check: "apparmor", state: ok, severity: info, got: "on", facts: host(func(h *preflight.Host) { h.AppArmor = true })},

		{name: "usual", check: "umask", state: ok, severity: warn, got: "0022", want: "0022 or 0002"},
		{name: "group may write", check: "umask", state: ok, severity: warn, got: "0002", facts: umask(0o002)},
		{name: "closed", check: "umask", state: bad, severity: warn, got: "0077: containers of other users cannot read new files", hint: "umask 0022", facts: umask(0o077)},
		{name: "open", check: "umask", state: bad, severity: warn, got: "0000: everybody may write to new files", hint: "umask 0022", facts: umask(0)},
	})
}
