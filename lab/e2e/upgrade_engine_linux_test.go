package e2e

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/sentryctl/sentryctl/lab/engine"
	"github.com/sentryctl/sentryctl/lab/labtest"
	"github.com/sentryctl/sentryctl/lab/probe"
)

// privately is a site of the older version on an Engine of its own.
type privately struct {
	before
	engine *engine.Private
}

func beforeUpgradeOn(t *testing.T, s *labtest.Site, private *engine.Private) privately {
	t.Helper()
	own := *s
	own.Docker = private.Docker
	x := privately{before{Site: &own, releases: t.TempDir()}, private}
	rungImage(t, &own, "24.8.14.10459.altinitystable")
	x.run(t, install(s, s.Release(older), older, "--profile", "errors-only", "--ignore", "disk-engine")...).exits(0)
	x.names, x.event = names(t, &own), x.canary(t)
	x.release(t, newer)
	return x
}

// canary is an event that sentryctl has sent: the front door lets in only who is where the
// Engine is.
func (x privately) canary(t *testing.T) probe.Found {
	t.Helper()
	x.run(t, "health", "--canary", "--site", x.Dir).exits(0)
	stored := docker(t, x.Site, "exec", x.Prefix+"-clickhouse-1", "clickhouse-client", "-q", "SELECT event_id, project_id FROM default.errors_local")
	if len(stored) == 0 {
		t.Fatal("the canary is not stored")
	}
	id, project, _ := strings.Cut(stored[0], "\t")
	return probe.Found{ID: strings.ReplaceAll(id, "-", ""), ProjectID: project}
}

// start runs sentryctl where the Engine is.
func (x privately) start(t *testing.T, args ...string) *process {
	t.Helper()
	inside := func(c *exec.Cmd) error { return x.engine.Inside(c.Start) }
	return startWith(t, inside, x.Env("DOCKER_HOST="+x.Docker.Host), args...)
}

func (x privately) run(t *testing.T, args ...string) ended {
	t.Helper()
	return x.start(t, args...).wait()
}

// serves asks whether the site is of a version and well.
func (x privately) serves(t *testing.T, version string) {
	t.Helper()
	x.recorded(t, version)
	x.run(t, "health", "--canary", "--site", x.Dir).exits(0)
	x.hasNames(t)
	x.hasEvent(t)
	if left := oneOffs(t, x.Site); len(left) > 0 {
		t.Errorf("commands left containers: %v", left)
	}
}

// The Engine is stopped, and crashes, in one step of a hop after the other. Each time
// the hop waits where it is, and resume goes on once the Engine is back.
func TestEngineEndsInAHop(t *testing.T) {
	labtest.Long(t)
	if err := engine.CanPrivate(); err != nil {
		t.Skipf("the machine's own Engine is not ours to stop: %v", err)
	}
	s := labtest.NewSite(t)
	private := privateEngine(t, s, older, newer)
	x := beforeUpgradeOn(t, s, private)
	again := []string{"resume", "--site", x.Dir}
	command := x.upgrade()
	for _, c := range []struct {
		step string
		end  func() error
	}{
		{"bring-images", private.Kill},
		{"copy-ahead", private.Stop},
		{"stop-services", private.Kill},
		{"checkpoint", private.Stop},
		{"rung-clickhouse-24-8", private.Kill},
		{"migrate-database", private.Stop},
		{"start-services", private.Kill},
		{"health-gate", private.Stop},
	} {
		p := x.start(t, command...)
		begins(c.step).came(t, nil, p)
		if err := c.end(); err != nil {
			t.Fatal(err)
		}
		fault := p.wait().exits(12).last("error")
		wantText(t, "hint in "+c.step, fault.Hint, "sentryctl resume --site "+x.Dir, "sentryctl rollback --site "+x.Dir)
		lockIsFree(t, s)
		if err := private.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		command = again
	}
	x.run(t, command...).exits(0)
	x.serves(t, newer)

	command = []string{"rollback", "--site", x.Dir, "--yes"}
	for _, step := range []string{"fill-volumes", "start-former"} {
		p := x.start(t, command...)
		begins(step).came(t, nil, p)
		if err := private.Stop(); err != nil {
			t.Fatal(err)
		}
		p.wait().exits(12)
		if err := private.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		command = again
	}
	x.run(t, command...).exits(0)
	x.serves(t, older)
}
