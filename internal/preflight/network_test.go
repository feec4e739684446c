package preflight_test

import (
	"testing"

	"github.com/sentryctl/sentryctl/internal/preflight"
)

func TestPortChecks(t *testing.T) {
	const ok, bad, unknown, skipped = preflight.OK, preflight.Bad, preflight.Unknown, preflight.Skipped
	const block, info = preflight.Block, preflight.Info
	port := func(p preflight.PortUse) func(*preflight.Facts) {
		p.Address = "0.0.0.0:9000"
		return func(f *preflight.Facts) { f.Port = preflight.Know(p) }
	}
	run(t, []verdictCase{
		{name: "own", check: "bind-address", state: ok, severity: block, got: "9000"},
		{name: "foreign", check: "bind-address", state: bad, severity: block, got: "192.0.2.1:9000", hint: "ip -brief address",
			facts:  func(f *preflight.Facts) { f.BindLocal = preflight.Know(false) },
			target: func(tg *preflight.Target) { tg.Bind = "192.0.2.1:9000" }},
		{name: "another machine's", check: "bind-address", state: skipped, severity: info, got: "skipped because the Engine is elsewhere",
			facts: func(f *preflight.Facts) { f.BindLocal = preflight.NotNeeded[bool]("the Engine is elsewhere") }},
		{name: "free", check: "port-free", state: ok, severity: block, got: "0.0.0.0:9000 is free", want: "free"},
		{name: "taken", check: "port-free", state: bad, severity: block, got: "0.0.0.0:9000 is taken by nginx (pid 812)", hint: "--bind PORT", facts: port(preflight.PortUse{Holder: "nginx (pid 812)"})},
		{name: "taken by who knows", check: "port-free", state: bad, severity: block, got: "0.0.0.0:9000 is taken; the holder is not visible", hint: "sudo ss -ltnp", facts: port(preflight.PortUse{})},
		{name: "held by this site", check: "port-free", state: ok, severity: block, got: "0.0.0.0:9000 is held by this site's own stack", facts: port(preflight.PortUse{Own: true, Holder: "sentry-nginx-1"})},
		{name: "not tried", check: "port-free", state: unknown, severity: info, got: "unknown because it was not looked at", facts: func(f *preflight.Facts) { f.Port = preflight.Fact[preflight.PortUse]{} }},
	})
}

func TestReachChecks(t *testing.T) {
	const ok, bad, skipped = preflight.OK, preflight.Bad, preflight.Skipped
	const block, warn, info = preflight.Block, preflight.Warn, preflight.Info
	registries := func(rs ...preflight.Reach) func(*preflight.Facts) {
		return func(f *preflight.Facts) { f.Registries = preflight.Know(rs) }
	}
	refused := preflight.Reach{Host: "ghcr.io", Error: "connection refused"}
	mirrored := preflight.Reach{Host: "docker.io", Error: "connection refused", Soft: true, Reason: "the Engine has a mirror"}
	run(t, []verdictCase{
		{name: "all", check: "dns", state: ok, severity: warn, got: "ghcr.io", want: "an address for each name"},
		{name: "one fails", check: "dns", state: bad, severity: warn, got: "ghcr.io: the name does not resolve", hint: "/etc/resolv.conf",
			facts: func(f *preflight.Facts) {
				f.Lookups = preflight.Know([]preflight.Lookup{{Host: "github.com"}, {Host: "ghcr.io", Error: "the name does not resolve"}})
			}},
		{name: "nothing to fetch", check: "dns", state: skipped, severity: info, got: "skipped because nothing has to be fetched",
			facts: func(f *preflight.Facts) {
				f.Lookups = preflight.NotNeeded[[]preflight.Lookup]("nothing has to be fetched")
			}},

		{name: "reached", check: "reach-source", state: ok, severity: block, got: "github.com in 20 ms", want: "a TLS connection within 5 s"},
		{name: "not reached", check: "reach-source", state: bad, severity: block, got: "github.com: no answer within 5s", hint: "--source FILE",
			facts: func(f *preflight.Facts) {
				f.Source = preflight.Know(preflight.Reach{Host: "github.com", Error: "no answer within 5s"})
			}},
		{name: "a file", check: "reach-source", state: skipped, severity: info, got: "skipped because the release is a file",
			facts: func(f *preflight.Facts) { f.Source = preflight.NotNeeded[preflight.Reach]("the release is a file") }},

		{name: "through a proxy", check: "reach-registry", state: ok, severity: block, got: "ghcr.io through http://proxy:3128 in 0 ms",
			facts: registries(preflight.Reach{Host: "ghcr.io", Proxy: "http://proxy:3128"})},
		{name: "refused", check: "reach-registry", state: bad, severity: block, got: "ghcr.io: connection refused", hint: "docker load -i FILE", facts: registries(refused)},
		{name: "refused, but it proves little", check: "reach-registry", state: bad, severity: warn, got: "docker.io: connection refused (the Engine has a mirror)", facts: registries(mirrored)},
		{name: "both", check: "reach-registry", state: bad, severity: block, got: "docker.io: connection refused (the Engine has a mirror); ghcr.io: connection refused", facts: registries(mirrored, refused)},
		{name: "images are there", check: "reach-registry", state: skipped, severity: info, got: "skipped because all images are present",
			facts: func(f *preflight.Facts) {
				f.Registries = preflight.NotNeeded[[]preflight.Reach]("all images are present")
			}},
	})
}

func TestProxies(t *testing.T) {
	const ok, bad, unknown = preflight.OK, preflight.Bad, preflight.Unknown
	const warn, info = preflight.Warn, preflight.Info
	p := func(https, no string) preflight.Proxy { return preflight.Proxy{HTTPS: https, No: no} }
	proxies := func(shell, daemon, client preflight.Proxy) func(*preflight.Facts) {
		return func(f *preflight.Facts) {
			f.Proxies = preflight.Proxies{Shell: shell, Daemon: preflight.Know(daemon), Client: preflight.Know(client)}
		}
	}
	none := preflight.Proxy{}
	run(t, []verdictCase{
		{name: "none", check: "proxy", state: ok, severity: warn, got: "shell none; daemon none; client none"},
		{name: "the same, in another order", check: "proxy", state: ok, severity: warn,
			got:   "shell https http://p:1 except a,b; daemon https http://p:1 except b, a; client https http://p:1 except a,b",
			facts: proxies(p("http://p:1", "a,b"), p("http://p:1", "b, a"), p("http://p:1", "a,b"))},
		{name: "the daemon has none", check: "proxy", state: bad, severity: warn, hint: "daemon.json",
			got:   "shell https http://p:1; daemon none; client https http://p:1",
			facts: proxies(p("http://p:1", ""), none, p("http://p:1", ""))},
		{name: "exceptions without a proxy say nothing", check: "proxy", state: ok, severity: warn,
			got: "shell except localhost; daemon none; client none", facts: proxies(p("", "localhost"), none, none)},
		{name: "the daemon is silent", check: "proxy", state: unknown, severity: info, got: "unknown because the Engine does not answer",
			facts: func(f *preflight.Facts) {
				f.Proxies.Daemon = preflight.NotKnown[preflight.Proxy]("the Engine does not answer")
			}},
		{name: "the daemon is silent, the others differ", check: "proxy", state: bad, severity: warn,
			got: "shell https http://p:1; daemon unknown; client none",
			facts: func(f *preflight.Facts) {
				proxies(p("http://p:1", ""), none, none)(f)
				f.Proxies.Daemon = preflight.NotKnown[preflight.Proxy]("the Engine does not answer")
			}},
		{name: "the client's file is broken", check: "proxy", state: unknown, severity: info, got: "unknown because not valid JSON",
			facts: func(f *preflight.Facts) { f.Proxies.Client = preflight.NotKnown[preflight.Proxy]("not valid JSON") }},
	})
}
