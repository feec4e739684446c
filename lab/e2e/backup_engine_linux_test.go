package e2e

import (
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/sentryctl/sentryctl/lab/engine"
	"github.com/sentryctl/sentryctl/lab/labtest"
)

// The Engine is started again under a backup. Once it is back, the services go
// on, whoever is left to see to it. One that is killed leaves services down, with
// a backup or without.
func TestEngineEndsUnderABackup(t *testing.T) {
	labtest.Long(t)
	if err := engine.CanPrivate(); err != nil {
		t.Skipf("the machine's own Engine is not ours to stop: %v", err)
	}
	s := labtest.NewSite(t)
	private := privateEngine(t, s, "25.10.0")
	inside := func(c *exec.Cmd) error { return private.Inside(c.Start) }
	env := s.Env("DOCKER_HOST=" + private.Docker.Host)
	startWith(t, inside, env, install(s, s.Release("25.10.0"), "25.10.0", "--profile", "errors-only")...).wait().exits(0)
	own := *s
	own.Docker = private.Docker
	x := &struck{Site: &own, env: env, begin: inside, healthy: services(t, &own)}
	x = x.into(t, filepath.Join(t.TempDir(), "repo"), secretFile(t, "correct horse battery staple"))
	for _, c := range []struct {
		name   string
		when   moment
		end    func() error
		killed bool // and so is sentryctl
	}{
		{"stopped in pass one", passOne, private.Stop, false},
		{"stopped in the last pass", lastPass, private.Stop, false},
		{"stopped in the last pass, and sentryctl is killed", lastPass, private.Stop, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := x.at(t, c.when)
			if c.killed {
				p.signal(syscall.SIGKILL)
			}
			if err := c.end(); err != nil {
				t.Fatal(err)
			}
			if err := private.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			if e := p.wait(); e.code == 0 || e.code == 1 {
				t.Errorf("got exit code %d\n%s", e.code, e.tail)
			}
			x.stands(t)
		})
	}
}
