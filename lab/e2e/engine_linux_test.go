package e2e

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/step"
	"github.com/sentryctl/sentryctl/lab/engine"
	"github.com/sentryctl/sentryctl/lab/labtest"
	"github.com/sentryctl/sentryctl/lab/trees"
)

// The Engine is stopped under an install, and then it crashes. Each time the install ends with
// the code for it and says what to do; once the Engine is back, the same
// command finishes.
func TestEngineEndsInTheMiddle(t *testing.T) {
	if err := engine.CanPrivate(); err != nil {
		t.Skipf("the machine's own Engine is not ours to stop: %v", err)
	}
	s := labtest.NewSite(t)
	private := privateEngine(t, s, "25.10.0")
	own := *s
	own.Docker = private.Docker
	command := install(s, s.Release("25.10.0"), "25.10.0", "--profile", "errors-only")
	inside := func(c *exec.Cmd) error { return private.Inside(c.Start) }
	run := func() *process { return startWith(t, inside, s.Env("DOCKER_HOST="+private.Docker.Host), command...) }

	for _, crash := range []struct {
		step, event string
		end         func() error
	}{
		{"start-stores", "progress", private.Stop},
		{"migrate-database", "log", private.Kill},
	} {
		p := run()
		p.until("the middle of "+crash.step, during(crash.step, crash.event))
		if err := crash.end(); err != nil {
			t.Fatal(err)
		}
		fault := p.wait().exits(12).last("error")
		if want := "Start the Docker Engine"; !strings.HasPrefix(fault.Hint, want) {
			t.Errorf("got hint %q, want one that begins with %q", fault.Hint, want)
		}
		if r := lastRecord(t, s); r.Kind != step.KindFailed || r.Step != step.ID(crash.step) {
			t.Errorf("the journal ends with %s %s, want a failed %s", r.Kind, r.Step, crash.step)
		}
		if half := slices.DeleteFunc(files(t, s.Dir), func(f string) bool { return !strings.Contains(f, ".tmp") }); len(half) > 0 {
			t.Errorf("files half written: %v", half)
		}
		lockIsFree(t, s)
		if err := private.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	done := run().wait().exits(0)
	if r := done.last("result"); !r.Resumed || !r.Started {
		t.Errorf("got result %+v", r)
	}
	if !slices.Contains(done.ran(), "prove-front-door") {
		t.Error("the front door was not proven")
	}
	st := observe(t, &own)
	for service, is := range st.Services {
		if is != "running" {
			t.Errorf("%s is %s", service, is)
		}
	}
	if diff := cmp.Diff([]string{admin + " superuser=true"}, st.Users); diff != "" {
		t.Errorf("users (-want +got):\n%s", diff)
	}
	if len(st.OneOffs)+len(st.Unfinished) > 0 {
		t.Errorf("left over: containers %v, runs %v", st.OneOffs, st.Unfinished)
	}
}

// privateEngine is an Engine for this test alone, with the images of versions.
func privateEngine(t *testing.T, s *labtest.Site, versions ...string) *engine.Private {
	t.Helper()
	// t.TempDir is too long for a socket, and is removed while mounts are left.
	dir, err := os.MkdirTemp("", "lab-engine-")
	if err != nil {
		t.Fatal(err)
	}
	return privateEngineIn(t, s, dir, versions...)
}

// privateEngineIn keeps everything of it in dir.
func privateEngineIn(t *testing.T, s *labtest.Site, dir string, versions ...string) *engine.Private {
	t.Helper()
	private, err := engine.NewPrivate(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := private.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	refs, err := trees.Images(versions...)
	if err == nil {
		err = private.Copy(t.Context(), s.Docker, refs...)
	}
	if err != nil {
		t.Fatal(err)
	}
	return private
}
