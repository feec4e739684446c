package preflight_test

import (
	"net/netip"
	"testing"

	"github.com/sentryctl/sentryctl/internal/preflight"
)

func site(change func(*preflight.Site)) func(*preflight.Facts) {
	return func(f *preflight.Facts) { change(&f.Site.Value) }
}

func TestSiteChecks(t *testing.T) {
	const ok, bad, unknown, skipped = preflight.OK, preflight.Bad, preflight.Unknown, preflight.Skipped
	const block, warn, info = preflight.Block, preflight.Warn, preflight.Info
	run(t, []verdictCase{
		{name: "there", check: "site-writable", state: ok, severity: block, got: "/opt/sentry"},
		{name: "to be made", check: "site-writable", state: ok, severity: block, got: "/opt/sentry, to be made under /opt",
			facts: site(func(s *preflight.Site) { s.Exists, s.Checked = false, "/opt" })},
		{name: "not writable", check: "site-writable", state: bad, severity: block, got: "/opt: permission denied", hint: `sudo install -d -o "$(id -un)" -m 0750 /opt/sentry`,
			facts: site(func(s *preflight.Site) {
				s.Exists, s.Checked, s.Writable, s.Cause = false, "/opt", false, "permission denied"
			})},
		{name: "not readable", check: "site-writable", state: unknown, severity: info, got: "unknown because input/output error",
			facts: func(f *preflight.Facts) { f.Site = preflight.NotKnown[preflight.Site]("input/output error") }},
		{name: "a disk", check: "site-filesystem", state: ok, severity: block, got: "ext4"},
		{name: "memory", check: "site-filesystem", state: bad, severity: block, got: "tmpfs", hint: "--site /opt/sentry",
			facts: site(func(s *preflight.Site) { s.Disk.FileSystem = "tmpfs" })},
		{name: "noexec", check: "site-filesystem", state: bad, severity: block, got: "ext4, noexec", hint: "noexec", facts: site(func(s *preflight.Site) { s.NoExec = true })},
		{name: "closed", check: "site-mode", state: ok, severity: warn, got: "0750", want: "no access for others"},
		{name: "open", check: "site-mode", state: bad, severity: warn, got: "0755", hint: "chmod o-rwx /opt/sentry", facts: site(func(s *preflight.Site) { s.Mode = 0o755 })},
		{name: "not there yet", check: "site-mode", state: skipped, severity: info, got: "skipped because the directory does not exist yet",
			facts: site(func(s *preflight.Site) { s.Exists = false })},
	})
}

func TestURLPrefix(t *testing.T) {
	cases := []struct{ url, got string }{ // got "" means ok
		{"https://sentry.example.com", ""},
		{"http://localhost:9000", ""},
		{"http://192.0.2.7", ""},
		{"https://[2001:db8::1]:8443", ""},
		{"sentry.example.com", `"sentry.example.com" starts with neither http:// nor https://`},
		{"ftp://sentry.example.com", `"ftp://sentry.example.com" starts with neither http:// nor https://`},
		{"https://", `"https://" has no valid host`},
		{"https://sentry_1.example.com", `"https://sentry_1.example.com" has no valid host`},
		{"https://sentry.example.com/", `"https://sentry.example.com/" goes on after the host`},
		{"https://sentry.example.com/app", `"https://sentry.example.com/app" goes on after the host`},
		{"https://sentry.example.com?x=1", `"https://sentry.example.com?x=1" goes on after the host`},
		{"https://sentry.example.com#", `"https://sentry.example.com#" goes on after the host`},
		{"https://sentry.example.com:", `"https://sentry.example.com:" has no valid port`},
		{"https://sentry.example.com:0", `"https://sentry.example.com:0" has no valid port`},
		{"https://sentry.example.com:70000", `"https://sentry.example.com:70000" has no valid port`},
		{"https://ada:hunter2@sentry.example.com", "it holds a user name or a password"},
		{"https://a b", "not a URL"},
		{"http://%zz", "not a URL"},
	}
	var table []verdictCase
	for _, c := range cases {
		v := verdictCase{name: c.url, check: "url-prefix", state: preflight.OK, severity: preflight.Block, got: c.url}
		if c.got != "" {
			v.state, v.got, v.hint = preflight.Bad, c.got, "--url https://sentry.example.com"
		}
		v.target = func(tg *preflight.Target) { tg.URL = c.url }
		table = append(table, v)
	}
	table = append(table, verdictCase{name: "none", check: "url-prefix", state: preflight.Skipped, severity: preflight.Info,
		got: "skipped because no URL was given", target: func(tg *preflight.Target) { tg.URL = "" }})
	run(t, table)
}

func TestParseBind(t *testing.T) {
	cases := map[string]string{ // "" means refused
		"9000": "0.0.0.0:9000", "127.0.0.1:9000": "127.0.0.1:9000", "[::1]:9000": "[::1]:9000", "0.0.0.0:80": "0.0.0.0:80",
		"": "", "0": "", "65536": "", "-1": "", "nine": "", ":9000": "", "localhost:9000": "", "127.0.0.1": "", "127.0.0.1:0": "", "::1:9000": "", "9000 ": "",
	}
	for in, want := range cases {
		got, err := preflight.ParseBind(in)
		if want == "" {
			if err == nil {
				t.Errorf("%q is read as %s", in, got)
			}
			continue
		}
		if err != nil || got != netip.MustParseAddrPort(want) {
			t.Errorf("%q: got %v, %v, want %s", in, got, err, want)
		}
	}
	bind := func(s string) func(*preflight.Target) { return func(tg *preflight.Target) { tg.Bind = s } }
	run(t, []verdictCase{
		{name: "port", check: "bind-form", state: preflight.OK, severity: preflight.Block, got: "9000"},
		{name: "wrong", check: "bind-form", state: preflight.Bad, severity: preflight.Block, got: `"localhost:9000" is neither PORT nor IP:PORT`, hint: "--bind 127.0.0.1:9000", target: bind("localhost:9000")},
		{name: "none", check: "bind-form", state: preflight.Skipped, severity: preflight.Info, got: "skipped because no bind address was given", target: bind("")},
	})
}
