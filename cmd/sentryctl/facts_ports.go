package main

import (
	"context"
	"net/netip"

	"github.com/sentryctl/sentryctl/internal/preflight"
	"github.com/sentryctl/sentryctl/internal/stack"
)

// lookAtContainers lists what the Engine holds, and finds out who has the port
// that the site wants.
func (l *looker) lookAtContainers(ctx context.Context, info stack.Info) {
	containers, err := l.inventory(ctx)
	bind, bad := preflight.ParseBind(l.in.Target.Bind)
	switch {
	case bad != nil:
		const reason = "no port was given"
		l.facts.BindLocal, l.facts.Port = preflight.NotNeeded[bool](reason), preflight.NotNeeded[preflight.PortUse](reason)
	case l.facts.Engine.Known && !localNetwork(info):
		l.facts.BindLocal = preflight.NotNeeded[bool]("the Engine on another machine opens the port there")
		l.facts.Port = preflight.NotKnown[preflight.PortUse]("the Engine on another machine opens the port there")
		if use, held := l.holder(containers, bind); err == nil && held {
			l.facts.Port = preflight.Know(use)
		}
	default:
		l.facts.BindLocal = preflight.Learn(l.here.Local(bind.Addr()))
		l.facts.Port = l.portHere(containers, bind)
	}
}

// inventory asks for volumes and containers; both or none are known.
func (l *looker) inventory(ctx context.Context) ([]stack.Container, error) {
	if !l.facts.Engine.Known {
		l.facts.Inventory = preflight.NotKnown[preflight.Inventory](noEngine)
		return nil, nil
	}
	volumes, err := l.in.Engine.Volumes(ctx)
	var containers []stack.Container
	if err == nil {
		containers, err = l.in.Engine.Containers(ctx)
	}
	if err != nil {
		l.facts.Inventory = preflight.NotKnown[preflight.Inventory](err.Error())
		return nil, err
	}
	var inv preflight.Inventory
	for _, v := range volumes {
		inv.Volumes = append(inv.Volumes, preflight.Volume{Name: v.Name, Project: v.Project})
	}
	for _, c := range containers {
		inv.Containers = append(inv.Containers, preflight.Container{Name: c.Name, Project: c.Project, Dir: c.Dir, State: c.State})
	}
	l.facts.Inventory = preflight.Know(inv)
	return containers, nil
}

// portHere prefers the name of a container to that of the process that opens
// ports for all of them.
func (l *looker) portHere(containers []stack.Container, bind netip.AddrPort) preflight.Fact[preflight.PortUse] {
	if use, held := l.holder(containers, bind); held {
		return preflight.Know(use)
	}
	taken, err := l.here.Listening(bind)
	if err != nil {
		return preflight.NotKnown[preflight.PortUse](err.Error())
	}
	use := preflight.PortUse{Address: bind.String(), Free: !taken}
	if taken {
		use.Holder = l.here.Holder(bind)
	}
	return preflight.Know(use)
}

// holder finds the container that has published the port. One of this site is
// the site's own: made from its directory.
func (l *looker) holder(containers []stack.Container, bind netip.AddrPort) (preflight.PortUse, bool) {
	for _, c := range containers {
		for _, p := range c.Ports {
			if p.Protocol == "tcp" && p.Port == bind.Port() && sameAddress(p.IP, bind.Addr()) {
				return preflight.PortUse{
					Address: bind.String(), Holder: "container " + c.Name, Own: c.Dir != "" && c.Dir == l.in.Target.SiteDir,
				}, true
			}
		}
	}
	return preflight.PortUse{}, false
}

// sameAddress tells whether one listener keeps another out.
func sameAddress(published string, want netip.Addr) bool {
	ip, err := netip.ParseAddr(published)
	return err != nil || ip.IsUnspecified() || want.IsUnspecified() || ip == want
}
