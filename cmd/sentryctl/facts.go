package main

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/preflight"
	"github.com/sentryctl/sentryctl/internal/preflight/machine"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/stack"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// factsEngine is what preflight asks of an Engine.
type factsEngine interface {
	Info(context.Context) (stack.Info, error)
	Containers(context.Context) ([]stack.Container, error)
	Volumes(context.Context) ([]stack.Volume, error)
	ImagePresent(ctx context.Context, ref string) (bool, error)
}

// helperRunner runs this binary on the Engine's machine.
type helperRunner interface {
	RunHelper(context.Context, workload.Helper) ([]byte, error)
}

// factsInput says for what the machine is looked at. Engine and Helper are nil
// when none answers; EngineErr then says why.
type factsInput struct {
	Engine     factsEngine
	Helper     helperRunner
	EngineErr  error
	Target     preflight.Target
	Images     []release.Image // of the release; nil when none was looked at
	SourceHost string          // the release comes from there; "" when from the disk
	Brief      bool            // time no disk: the site stands, and nothing will be changed that it would matter for
}

// The limits of what is asked. An Engine's answers take milliseconds; the
// helper's image may have to be built first.
const (
	askTimeout    = 6 * time.Second
	helperTimeout = 30 * time.Second
)

// collectFacts looks at everything at the same time. What cannot be found out
// in time is not known, and says why.
func (a *app) collectFacts(ctx context.Context, in factsInput) preflight.Facts {
	l := looker{in: in, here: machine.Here(), env: a.getenv}
	return l.look(ctx)
}

// looker collects facts. Every method fills fields of its own.
type looker struct {
	in   factsInput
	here machine.Machine
	env  func(string) string

	facts preflight.Facts
}

func (l *looker) look(ctx context.Context) preflight.Facts {
	helperCtx, cancelHelper := context.WithTimeout(ctx, helperTimeout)
	defer cancelHelper()
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()

	var wg sync.WaitGroup
	wg.Go(func() { l.facts.Host = l.here.Host() })
	wg.Go(func() { l.facts.Compose = preflight.Learn(l.here.ComposePlugin(ctx)) })
	wg.Go(func() { l.facts.Synced = preflight.Learn(l.here.Synced()) })
	wg.Go(func() { l.lookAtSite(ctx) })
	wg.Go(func() { l.probe(helperCtx) })
	wg.Go(func() { l.lookAtEngine(ctx) })
	wg.Wait()
	l.facts.Host.EngineHere = l.engineHere()
	return l.facts
}

// lookAtEngine asks the Engine, and then looks at what depends on where it is.
func (l *looker) lookAtEngine(ctx context.Context) {
	info := l.askEngine(ctx)
	l.facts.Proxies = preflight.Proxies{Shell: machine.ShellProxy(l.env), Client: preflight.Learn(machine.ClientProxy(l.env("DOCKER_CONFIG")))}
	l.facts.Proxies.Daemon = preflight.NotKnown[preflight.Proxy](noEngine)
	if l.facts.Engine.Known {
		l.facts.Proxies.Daemon = preflight.Know(daemonProxy(info))
	}
	var wg sync.WaitGroup
	wg.Go(func() { l.lookAtNetwork(ctx, info) })
	wg.Go(func() { l.lookAtContainers(ctx, info) })
	wg.Wait()
}

// lookAtSite looks at the directory of the site and at its disk.
func (l *looker) lookAtSite(ctx context.Context) {
	s, err := l.here.Site(l.in.Target.SiteDir)
	if err != nil {
		l.facts.Site = preflight.NotKnown[preflight.Site](err.Error())
		l.facts.SiteSync = preflight.NotKnown[preflight.Latency](err.Error())
		return
	}
	s.Installed = (&site.Site{Dir: s.Dir}).Exists()
	l.facts.Site = preflight.Know(s)
	switch {
	case l.in.Brief:
		l.facts.SiteSync = preflight.NotNeeded[preflight.Latency](standing)
	case !s.Writable:
		l.facts.SiteSync = preflight.NotKnown[preflight.Latency](s.Checked + " cannot be written to")
	default:
		l.facts.SiteSync = preflight.Learn(l.here.SyncLatency(ctx, s.Checked))
	}
}

const (
	noEngine = "the Engine does not answer"
	standing = "the site stands already"
)

// defaultSocket is where the distribution's Engine listens.
const defaultSocket = "unix:///var/run/docker.sock"

// engineHere tells whether an Engine that is installed or started on this host
// would be the one that we talk to. A connection that failed names its address
// in its error only.
func (l *looker) engineHere() bool {
	if l.facts.Engine.Known {
		return l.facts.Engine.Value.Address == defaultSocket
	}
	return l.in.EngineErr != nil && strings.Contains(l.in.EngineErr.Error(), defaultSocket)
}

// askEngine lets the Engine speak of itself, and compares its clock to ours.
func (l *looker) askEngine(ctx context.Context) stack.Info {
	if l.in.Engine == nil {
		l.noEngine(l.in.EngineErr)
		return stack.Info{}
	}
	before := time.Now()
	info, err := l.in.Engine.Info(ctx)
	after := time.Now()
	if err != nil {
		l.noEngine(err)
		return stack.Info{}
	}
	l.facts.Engine = preflight.Know(engineFacts(info))
	l.facts.Clock = preflight.NotKnown[time.Duration]("the Engine does not tell its time")
	if !info.SystemTime.IsZero() {
		l.facts.Clock = preflight.Know(skew(info.SystemTime, before, after))
	}
	return info
}

func (l *looker) noEngine(err error) {
	reason := noEngine
	if err != nil {
		reason = err.Error()
	}
	l.facts.Engine = preflight.NotKnown[preflight.Engine](reason)
	l.facts.EngineHint = fault.HintOf(err)
	l.facts.Clock = preflight.NotKnown[time.Duration](noEngine)
}

// skew is how far a clock that was read between two of our moments lies
// outside of them.
func skew(theirs, before, after time.Time) time.Duration {
	switch {
	case theirs.Before(before):
		return theirs.Sub(before)
	case theirs.After(after):
		return theirs.Sub(after)
	}
	return 0
}

func engineFacts(i stack.Info) preflight.Engine {
	return preflight.Engine{
		Address: i.Host, Local: i.Local, Version: i.ServerVersion, APIVersion: i.EngineAPIVersion, OSType: i.OSType, Arch: i.Arch,
		OperatingSystem: i.OS, RootDir: i.RootDir, StorageDriver: i.StorageDriver, CPUs: i.NCPU, MemoryBytes: i.MemTotal,
		Rootless: i.Rootless, Desktop: i.DockerDesktop, Snap: i.Snap, Podman: i.Podman,
		SELinux: strings.Contains(strings.Join(i.SecurityOptions, " "), "name=selinux"), Mirrors: i.Mirrors,
	}
}

func daemonProxy(i stack.Info) preflight.Proxy {
	return preflight.Proxy{HTTP: machine.Bare(i.HTTPProxy), HTTPS: machine.Bare(i.HTTPSProxy), No: i.NoProxy}
}
