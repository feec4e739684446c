package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/preflight"
	"github.com/sentryctl/sentryctl/internal/preflight/machine"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/stack"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// engine is an Engine in memory. It grants open files up to its limit.
type engine struct {
	info       stack.Info
	images     []string
	containers []stack.Container
	limit      int64
	broken     error // what a helper comes to
	ran        []workload.Helper
}

func (e *engine) Info(context.Context) (stack.Info, error) { return e.info, nil }
func (e *engine) Containers(context.Context) ([]stack.Container, error) {
	return e.containers, nil
}
func (e *engine) Volumes(context.Context) ([]stack.Volume, error) {
	return []stack.Volume{{Name: "sentry-data"}, {Name: "p_x", Project: "p"}}, nil
}
func (e *engine) ImagePresent(_ context.Context, ref string) (bool, error) {
	return slices.Contains(e.images, ref), nil
}

func (e *engine) RunHelper(_ context.Context, h workload.Helper) ([]byte, error) {
	e.ran = append(e.ran, h)
	switch {
	case e.broken != nil:
		return nil, e.broken
	case h.Nofile > e.limit:
		return nil, fmt.Errorf("helper: %w", stack.ErrNofileRefused)
	}
	return json.Marshal(preflight.Probe{CPUs: 4, NofileHard: e.limit})
}

func newEngine() *engine {
	return &engine{info: stack.Info{Host: "unix:///var/run/docker.sock", SystemTime: time.Now()}, limit: 20000}
}

func TestProbeAsksForWhatTheReleaseWill(t *testing.T) {
	cases := []struct {
		name   string
		ask    int64
		broken error
		want   preflight.Fact[preflight.NofileGrant]
		probed bool
		runs   int
	}{
		{"granted", 10032, nil, preflight.Know(preflight.NofileGrant{Asked: 10032, Granted: true}), true, 1},
		{"refused", 262144, nil, preflight.Know(preflight.NofileGrant{Asked: 262144, Limit: 20000}), true, 2},
		{"not asked for", 0, nil, preflight.NotNeeded[preflight.NofileGrant]("the release asks for no limit"), true, 1},
		{"no helper", 262144, errors.New("no room"), preflight.NotKnown[preflight.NofileGrant]("no room"), false, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			e := newEngine()
			e.broken = c.broken
			l := looker{in: factsInput{Helper: e, Target: preflight.Target{Nofile: []preflight.NofileAsk{{Service: "s", Hard: c.ask}}}}}
			l.probe(t.Context())
			if d := cmp.Diff(c.want, l.facts.Nofile); d != "" {
				t.Error(d)
			}
			if l.facts.Probe.Known != c.probed || len(e.ran) != c.runs {
				t.Errorf("probed %t in %d runs: %+v", l.facts.Probe.Known, len(e.ran), l.facts.Probe)
			}
		})
	}
}

func TestBriefTimesNoDisk(t *testing.T) {
	e := newEngine()
	l := looker{here: machine.Here(), in: factsInput{Helper: e, Brief: true, Target: preflight.Target{SiteDir: t.TempDir()}}}
	l.probe(t.Context())
	l.lookAtSite(t.Context())
	if d := cmp.Diff([]string{"probe"}, e.ran[0].Args); d != "" {
		t.Error(d)
	}
	if !l.facts.SiteSync.Skipped {
		t.Errorf("%+v", l.facts.SiteSync)
	}
}

func TestNothingIsKnownWithoutAnEngine(t *testing.T) {
	a := newApp(strings.NewReader(""), nil, nil)
	// A proxy that refuses keeps this test off the network.
	a.getenv = func(name string) string { return map[string]string{"HTTPS_PROXY": "http://127.0.0.1:1"}[name] }
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	down := fault.New(fault.NoEngine, "Start it", "reach the Docker Engine at unix:///var/run/docker.sock: no")
	f := a.collectFacts(t.Context(), factsInput{EngineErr: down, Target: preflight.Target{SiteDir: t.TempDir()}})
	for name, known := range map[string]bool{
		"engine": f.Engine.Known, "probe": f.Probe.Known, "nofile": f.Nofile.Known, "clock": f.Clock.Known,
		"inventory": f.Inventory.Known, "daemon's proxy": f.Proxies.Daemon.Known,
	} {
		if known {
			t.Errorf("%s is known", name)
		}
	}
	if f.EngineHint != "Start it" || !f.Host.EngineHere || !f.Site.Known {
		t.Errorf("hint %q, here %t, site %+v", f.EngineHint, f.Host.EngineHere, f.Site)
	}
}

func TestRegistriesOfMissingImages(t *testing.T) {
	images := []release.Image{
		{Ref: "nginx:1"}, {Ref: "getsentry/sentry:1"}, {Ref: "ghcr.io/getsentry/relay:1"}, {Ref: "localhost:5000/x:1"},
		{Ref: "sentry-self-hosted-local", Local: true}, {Ref: "docker.io/library/redis:1"}, {Ref: "index.docker.io/library/redis:1"},
	}
	cases := []struct {
		name    string
		images  []release.Image
		present []string
		want    []string
	}{
		{"no release", nil, nil, []string{"ghcr.io", "docker.io"}},
		{"none is there", images, nil, []string{"docker.io", "ghcr.io", "localhost:5000"}},
		{"some are there", images, []string{"ghcr.io/getsentry/relay:1", "localhost:5000/x:1"}, []string{"docker.io"}},
		{"built here alone", images[4:5], nil, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			e := newEngine()
			e.images = c.present
			l := looker{in: factsInput{Engine: e, Images: c.images}}
			l.facts.Engine.Known = true
			got, _ := l.registries(t.Context())
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestPortOfAContainer(t *testing.T) {
	nginx := func(dir, ip string) stack.Container {
		return stack.Container{Name: "nginx-1", Dir: dir, Ports: []stack.PublishedPort{{IP: ip, Port: 9000, Protocol: "tcp"}}}
	}
	cases := []struct {
		name string
		c    stack.Container
		bind string
		want preflight.PortUse
		held bool
	}{
		{"own", nginx("/opt/sentry", "0.0.0.0"), "127.0.0.1:9000", preflight.PortUse{Address: "127.0.0.1:9000", Holder: "container nginx-1", Own: true}, true},
		{"another's", nginx("/srv", "0.0.0.0"), "0.0.0.0:9000", preflight.PortUse{Address: "0.0.0.0:9000", Holder: "container nginx-1"}, true},
		{"nobody's directory", nginx("", "127.0.0.1"), "0.0.0.0:9000", preflight.PortUse{Address: "0.0.0.0:9000", Holder: "container nginx-1"}, true},
		{"another address", nginx("/srv", "127.0.0.1"), "127.0.0.2:9000", preflight.PortUse{}, false},
		{"another port", nginx("/srv", ""), "0.0.0.0:9001", preflight.PortUse{}, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			l := looker{in: factsInput{Target: preflight.Target{SiteDir: "/opt/sentry"}}}
			got, held := l.holder([]stack.Container{c.c}, netip.MustParseAddrPort(c.bind))
			if d := cmp.Diff(c.want, got); d != "" || held != c.held {
				t.Errorf("held %t: %s", held, d)
			}
		})
	}
}

func TestEngineElsewhereOpensThePortThere(t *testing.T) {
	e := newEngine()
	e.info.Host = "tcp://192.0.2.1:2376"
	l := looker{here: machine.Here(), in: factsInput{Engine: e, Target: preflight.Target{Bind: "192.0.2.1:9000"}}}
	l.facts.Engine.Known = true
	l.lookAtContainers(t.Context(), e.info)
	if !l.facts.BindLocal.Skipped || l.facts.Port.Known {
		t.Errorf("%+v, %+v", l.facts.BindLocal, l.facts.Port)
	}
	want := preflight.Inventory{Volumes: []preflight.Volume{{Name: "sentry-data"}, {Name: "p_x", Project: "p"}}}
	if d := cmp.Diff(preflight.Know(want), l.facts.Inventory); d != "" {
		t.Error(d)
	}
}

func TestSkew(t *testing.T) {
	at := func(s int) time.Time { return time.Unix(int64(s), 0) }
	cases := []struct{ theirs, want int }{{5, -5}, {10, 0}, {11, 0}, {12, 0}, {20, 8}}
	for _, c := range cases {
		if got := skew(at(c.theirs), at(10), at(12)); got != time.Duration(c.want)*time.Second {
			t.Errorf("%d: got %s, want %d s", c.theirs, got, c.want)
		}
	}
}

func TestOnLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"127.0.0.1:5000": true, "localhost:5000": true, "[::1]:5000": true, "localhost": true,
		"ghcr.io": false, "10.0.0.1:5000": false, "localhost.example.com": false,
	} {
		if got := onLoopback(host); got != want {
			t.Errorf("%s: got %v, want %v", host, got, want)
		}
	}
}
