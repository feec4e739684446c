package preflight

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

func siteChecks() []Check {
	return []Check{
		{ID: "site-writable", Title: "Site directory can be written", Severity: Block, Strict: true,
			Source: "configuration and journal are written there", Judge: judgeWritable},
		{ID: "site-filesystem", Title: "File system of the site", Severity: Block,
			Source: "tmpfs forgets at reboot; scripts mounted from noexec do not start in containers", Judge: judgeFileSystem},
		{ID: "site-mode", Title: "Others cannot read the site", Severity: Warn,
			Source: "configuration holds keys and passwords", Judge: judgeMode},
		{ID: "url-prefix", Title: "Public URL is well formed", Severity: Block, Strict: true,
			Source: "system.url-prefix: links, DSNs and CSRF checks are built on it", Judge: judgeURL},
		{ID: "bind-form", Title: "Bind address is well formed", Severity: Block, Strict: true,
			Source: "SENTRY_BIND in the release's .env: PORT or IP:PORT", Judge: judgeBindForm},
	}
}

func judgeWritable(f Facts, _ Target) Verdict {
	const want = "a directory that this user can write to"
	return judge(f.Site, func(s Site) Verdict {
		switch {
		case s.Writable && s.Exists:
			return pass(s.Dir, want)
		case s.Writable:
			return pass(s.Dir+", to be made under "+s.Checked, want)
		}
		return bad(s.Checked+": "+s.Cause, want, fmt.Sprintf(`sudo install -d -o "$(id -un)" -m 0750 %s`, s.Dir))
	}).wanting(want)
}

// volatile are file systems that do not outlive a reboot.
var volatile = []string{"tmpfs", "ramfs"}

func judgeFileSystem(f Facts, _ Target) Verdict {
	const want = "a disk, mounted without noexec"
	return judge(f.Site, func(s Site) Verdict {
		switch {
		case slices.Contains(volatile, s.Disk.FileSystem):
			return bad(s.Disk.FileSystem, want, "Choose a directory on a disk: --site /opt/sentry")
		case s.NoExec:
			return bad(s.Disk.FileSystem+", noexec", want, "Choose a directory elsewhere: --site /opt/sentry, or remount without noexec")
		}
		return pass(s.Disk.FileSystem, want)
	}).wanting(want)
}

func judgeMode(f Facts, _ Target) Verdict {
	const want = "no access for others"
	return judge(f.Site, func(s Site) Verdict {
		got := fmt.Sprintf("%04o", s.Mode)
		switch {
		case !s.Exists:
			return skip("the directory does not exist yet")
		case s.Mode&0o007 != 0:
			return bad(got, want, "chmod o-rwx "+s.Dir)
		}
		return pass(got, want)
	}).wanting(want)
}

func judgeURL(_ Facts, t Target) Verdict {
	const want = "http(s)://host[:port], no path and no slash at the end"
	if t.URL == "" {
		return skip("no URL was given").wanting(want)
	}
	if cause := urlFault(t.URL); cause != "" {
		// The URL itself is not repeated when it carries a password.
		return bad(cause, want, "Give it as in: --url https://sentry.example.com")
	}
	return pass(t.URL, want)
}

func urlFault(s string) string {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return "not a URL"
	case u.User != nil:
		return "it holds a user name or a password"
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Sprintf("%q starts with neither http:// nor https://", s)
	case u.Hostname() == "" || strings.ContainsAny(u.Hostname(), " \t_"):
		return fmt.Sprintf("%q has no valid host", s)
	case !validPort(u.Port()) || strings.HasSuffix(u.Host, ":"):
		return fmt.Sprintf("%q has no valid port", s)
	case u.Path != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.HasSuffix(s, "#"):
		return fmt.Sprintf("%q goes on after the host", s)
	}
	return ""
}

func validPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return s == "" || err == nil && n > 0
}

// ParseBind reads PORT or IP:PORT, an IPv6 address in brackets. Without an
// address it returns the unspecified one: every address of the host.
func ParseBind(s string) (netip.AddrPort, error) {
	if port, err := strconv.ParseUint(s, 10, 16); err == nil && port > 0 {
		return netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(port)), nil
	}
	bind, err := netip.ParseAddrPort(s)
	if err != nil || bind.Port() == 0 {
		return netip.AddrPort{}, fmt.Errorf("%q is neither PORT nor IP:PORT", s)
	}
	return bind, nil
}

func judgeBindForm(_ Facts, t Target) Verdict {
	const want = "PORT or IP:PORT"
	if t.Bind == "" {
		return skip("no bind address was given").wanting(want)
	}
	if _, err := ParseBind(t.Bind); err != nil {
		return bad(err.Error(), want, "Give it as in: --bind 9000, or --bind 127.0.0.1:9000")
	}
	return pass(t.Bind, want)
}
