package preflight

import (
	"fmt"
	"slices"
	"strings"
)

func networkChecks() []Check {
	return []Check{
		{ID: "bind-address", Title: "Bind address belongs to this host", Severity: Block,
			Source: "the Engine cannot publish a port on a foreign address", Judge: judgeBindLocal},
		{ID: "port-free", Title: "Port is free", Severity: Block,
			Source: "nginx of the release publishes SENTRY_BIND", Judge: judgePort},
		{ID: "dns", Title: "Names resolve", Severity: Warn,
			Source: "release source and image registries", Judge: judgeDNS},
		{ID: "reach-source", Title: "Release source can be reached", Severity: Block,
			Source: "TCP and TLS within 5 s, through the proxy of the environment", Judge: judgeSource},
		{ID: "reach-registry", Title: "Image registries can be reached", Severity: Block,
			Source: "TCP and TLS within 5 s, through the daemon's proxy", Judge: judgeRegistries},
		{ID: "proxy", Title: "Proxy settings agree", Severity: Warn,
			Source: "docs.docker.com/engine/daemon/proxy: shell, daemon and client are set apart", Judge: judgeProxies},
	}
}

func judgeBindLocal(f Facts, t Target) Verdict {
	const want = "an address of this host"
	return judge(f.BindLocal, func(local bool) Verdict {
		if !local {
			return bad(t.Bind, want, "Choose an address that `ip -brief address` lists; ignore this for an address that moves between hosts (net.ipv4.ip_nonlocal_bind=1)")
		}
		return pass(t.Bind, want)
	}).wanting(want)
}

func judgePort(f Facts, t Target) Verdict {
	const want = "free"
	return judge(f.Port, func(p PortUse) Verdict {
		switch {
		case p.Free:
			return pass(p.Address+" is free", want)
		case p.Own:
			return pass(p.Address+" is held by this site's own stack", want)
		case p.Holder == "":
			return bad(p.Address+" is taken; the holder is not visible", want, "See who it is with: sudo ss -ltnp; or choose another port: --bind PORT")
		}
		return bad(p.Address+" is taken by "+p.Holder, want, "Stop it, or choose another port: --bind PORT")
	}).wanting(want)
}

func judgeDNS(f Facts, _ Target) Verdict {
	const want = "an address for each name"
	return judge(f.Lookups, func(lookups []Lookup) Verdict {
		var good, failed []string
		for _, l := range lookups {
			if l.Error == "" {
				good = append(good, l.Host)
			} else {
				failed = append(failed, l.Host+": "+l.Error)
			}
		}
		if len(failed) > 0 {
			return bad(strings.Join(failed, "; "), want, "Look at /etc/resolv.conf; behind a proxy that resolves names itself this can be ignored: --ignore dns")
		}
		return pass(strings.Join(good, ", "), want)
	}).wanting(want)
}

const wantReach = "a TLS connection within 5 s"

func judgeSource(f Facts, _ Target) Verdict {
	return judge(f.Source, func(r Reach) Verdict {
		return judgeReach([]Reach{r}, "Open the way (firewall, HTTPS_PROXY), or give an archive that you have: --source FILE")
	}).wanting(wantReach)
}

func judgeRegistries(f Facts, _ Target) Verdict {
	return judge(f.Registries, func(rs []Reach) Verdict {
		return judgeReach(rs, "Open the way (firewall, proxy of the daemon in /etc/docker/daemon.json), or load the images beforehand: docker load -i FILE")
	}).wanting(wantReach)
}

// judgeReach blocks when a host cannot be reached, and warns when all that
// failed proves little.
func judgeReach(rs []Reach, hint string) Verdict {
	var said []string
	hard, soft := false, false
	for _, r := range rs {
		said = append(said, describeReach(r))
		hard = hard || r.Error != "" && !r.Soft
		soft = soft || r.Error != "" && r.Soft
	}
	v := bad(strings.Join(said, "; "), wantReach, hint)
	switch {
	case hard:
		return v
	case soft:
		return v.as(Warn)
	}
	return pass(v.Got, wantReach)
}

func describeReach(r Reach) string {
	s := r.Host
	if r.Proxy != "" {
		s += " through " + r.Proxy
	}
	if r.Error == "" {
		return fmt.Sprintf("%s in %d ms", s, r.Took.Milliseconds())
	}
	s += ": " + r.Error
	if r.Soft {
		s += " (" + r.Reason + ")"
	}
	return s
}

func judgeProxies(f Facts, _ Target) Verdict {
	const want = "the same in shell, daemon and client"
	places := []struct {
		name  string
		proxy Fact[Proxy]
	}{{"shell", Know(f.Proxies.Shell)}, {"daemon", f.Proxies.Daemon}, {"client", f.Proxies.Client}}
	var said []string
	var known []Proxy
	for _, p := range places {
		if !p.proxy.Known {
			said = append(said, p.name+" unknown")
			continue
		}
		known = append(known, p.proxy.Value)
		said = append(said, p.name+" "+p.proxy.Value.describe())
	}
	got := strings.Join(said, "; ")
	differ := func(p Proxy) bool { return !p.same(known[0]) }
	switch {
	case slices.ContainsFunc(known, differ):
		return bad(got, want, `Set the same in all three: export HTTPS_PROXY=… in the shell, {"proxies":{"https-proxy":"…"}} in /etc/docker/daemon.json, {"proxies":{"default":{"httpsProxy":"…"}}} in ~/.docker/config.json`)
	case !f.Proxies.Daemon.Known:
		return f.Proxies.Daemon.missing().wanting(want)
	case !f.Proxies.Client.Known:
		return f.Proxies.Client.missing().wanting(want)
	}
	return pass(got, want)
}

func (p Proxy) describe() string {
	var parts []string
	for _, part := range []struct{ name, value string }{{"http", p.HTTP}, {"https", p.HTTPS}, {"except", p.No}} {
		if part.value != "" {
			parts = append(parts, part.name+" "+part.value)
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, " ")
}

// same compares what decides whether a proxy is used. The list of exceptions
// matters only where there is a proxy, and its order never.
func (p Proxy) same(q Proxy) bool {
	if p.HTTP != q.HTTP || p.HTTPS != q.HTTPS {
		return false
	}
	return p.HTTP == "" && p.HTTPS == "" || slices.Equal(exceptions(p.No), exceptions(q.No))
}

func exceptions(no string) []string {
	list := strings.FieldsFunc(no, func(r rune) bool { return r == ',' || r == ' ' })
	slices.Sort(list)
	return slices.Compact(list)
}
