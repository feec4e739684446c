package main

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/sentryctl/sentryctl/internal/preflight"
	"github.com/sentryctl/sentryctl/internal/preflight/machine"
	"github.com/sentryctl/sentryctl/internal/stack"
)

const (
	dockerHub = "docker.io"
	hubServer = "registry-1.docker.io" // what docker.io in an image's name stands for
)

// usualRegistries are where the images of every release from 23.6.2 to 26.8.0
// are, for when no release has been looked at.
var usualRegistries = []string{"ghcr.io", dockerHub}

// lookAtNetwork asks for the ways to release and images, if they are needed.
func (l *looker) lookAtNetwork(ctx context.Context, info stack.Info) {
	registries, reason := l.registries(ctx)
	if l.facts.Engine.Known && !localNetwork(info) && len(registries) > 0 {
		registries, reason = nil, "the Engine on another machine pulls the images, and its ways are not ours"
	}
	var wg sync.WaitGroup
	wg.Go(func() { l.facts.Lookups = l.lookups(ctx, registries) })
	wg.Go(func() {
		if l.in.SourceHost == "" {
			l.facts.Source = preflight.NotNeeded[preflight.Reach]("the release is on this disk")
			return
		}
		l.facts.Source = preflight.Know(machine.EnvDialer().Reach(ctx, []string{l.in.SourceHost})[0])
	})
	wg.Go(func() {
		if len(registries) == 0 {
			l.facts.Registries = preflight.NotNeeded[[]preflight.Reach](reason)
			return
		}
		l.facts.Registries = preflight.Know(l.reachRegistries(ctx, registries, info))
	})
	wg.Wait()
}

// localNetwork tells whether the Engine opens ports and connections where we
// do. Docker Desktop's VM passes both on.
func localNetwork(info stack.Info) bool {
	return strings.HasPrefix(info.Host, "unix://") || strings.HasPrefix(info.Host, "npipe://")
}

// registries returns the registries of the images that the Engine lacks, or
// why none is needed.
func (l *looker) registries(ctx context.Context) (list []string, reason string) {
	if l.in.Images == nil {
		return usualRegistries, ""
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, image := range l.in.Images {
		if image.Local {
			continue
		}
		wg.Go(func() {
			if l.hasImage(ctx, image.Ref) {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			list = append(list, registryOf(image.Ref))
		})
	}
	wg.Wait()
	slices.Sort(list)
	return slices.Compact(list), "all images are present"
}

// hasImage is false also when the Engine cannot say: the image may be needed.
func (l *looker) hasImage(ctx context.Context, ref string) bool {
	if !l.facts.Engine.Known {
		return false
	}
	present, err := l.in.Engine.ImagePresent(ctx, ref)
	return err == nil && present
}

// registryOf returns the host of an image reference, by the rule of Docker:
// the first part is a host if it looks like one.
func registryOf(ref string) string {
	host, _, found := strings.Cut(ref, "/")
	if found && (strings.ContainsAny(host, ".:") || host == "localhost") && host != "index.docker.io" {
		return host
	}
	return dockerHub
}

// reachRegistries goes through the proxy of the daemon, which is the one who
// pulls. Where we cannot go its way, a failure proves little.
func (l *looker) reachRegistries(ctx context.Context, registries []string, info stack.Info) []preflight.Reach {
	dialer, soft := machine.EnvDialer(), "the Engine does not answer, and its proxy may be another"
	if l.facts.Engine.Known {
		dialer, soft = machine.ProxyDialer(daemonProxy(info)), ""
		if signedIn(info.HTTPSProxy) {
			soft = "the daemon's proxy asks for a password that only the daemon knows"
		}
	}
	hosts := make([]string, len(registries))
	for i, r := range registries {
		hosts[i] = r
		if r == dockerHub {
			hosts[i] = hubServer
		}
	}
	reached := dialer.Reach(ctx, hosts)
	for i := range reached {
		r := &reached[i]
		r.Host = registries[i]
		switch {
		case r.Error == "":
		case soft != "":
			r.Soft, r.Reason = true, soft
		case r.Host == dockerHub && len(info.Mirrors) > 0:
			r.Soft, r.Reason = true, "the daemon has a mirror of it"
		case onLoopback(r.Host):
			r.Soft, r.Reason = true, "the daemon takes a registry on its own host without TLS, too"
		}
	}
	return reached
}

// onLoopback tells whether a registry is one that the daemon need not trust.
func onLoopback(registry string) bool {
	host := (&url.URL{Host: registry}).Hostname()
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// signedIn tells whether a proxy's address holds a user.
func signedIn(proxy string) bool {
	u, err := url.Parse(proxy)
	return err == nil && u.User != nil
}

// lookups resolves what we would connect to directly; a proxy resolves names
// itself.
func (l *looker) lookups(ctx context.Context, registries []string) preflight.Fact[[]preflight.Lookup] {
	var hosts []string
	if l.in.SourceHost != "" && l.facts.Proxies.Shell.HTTPS == "" {
		hosts = append(hosts, hostOnly(l.in.SourceHost))
	}
	pulls := l.facts.Proxies.Daemon.Value
	if !l.facts.Proxies.Daemon.Known {
		pulls = l.facts.Proxies.Shell
	}
	if pulls.HTTPS == "" {
		for _, r := range registries {
			if r == dockerHub {
				r = hubServer
			}
			hosts = append(hosts, hostOnly(r))
		}
	}
	slices.Sort(hosts)
	hosts = slices.DeleteFunc(slices.Compact(hosts), isAddress)
	if len(hosts) == 0 {
		return preflight.NotNeeded[[]preflight.Lookup]("nothing has to be fetched by name, or a proxy does it")
	}
	return preflight.Know(machine.Lookups(ctx, hosts))
}

func hostOnly(hostport string) string { return (&url.URL{Host: hostport}).Hostname() }

func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}
