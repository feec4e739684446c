package e2e

import (
	"os"
	"slices"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/step"
	"github.com/sentryctl/sentryctl/lab/labtest"
)

// However often the process is killed, the same command, or resume, goes on
// and comes to what an install that nobody disturbs comes to.
func TestKilledInThreeSteps(t *testing.T) {
	s := labtest.NewSite(t)
	command := install(s, s.Release("25.10.0"), "25.10.0", "--url", address)
	resume := []string{"resume", "--site", s.Dir}
	next := command
	for _, kill := range []struct {
		step, event string
		again       []string
	}{
		{"build-images", "log", command},
		{"migrate-database", "log", resume},
		{"start-services", "progress", command},
	} {
		p := start(t, s, next...)
		p.until("the middle of "+kill.step, during(kill.step, kill.event))
		p.signal(syscall.SIGKILL)
		if e := p.wait(); e.code != -1 {
			t.Fatalf("sentryctl ended with exit code %d before it was killed\n%s", e.code, e.tail)
		}
		if r := lastRecord(t, s); r.Kind != step.KindStarted || r.Step != step.ID(kill.step) {
			t.Errorf("the journal ends with %s %s, want %s %s", r.Kind, r.Step, step.KindStarted, kill.step)
		}
		lockIsFree(t, s)
		next = kill.again
	}
	done := sentryctl(t, s, next...).exits(0)
	if r := done.last("result"); !r.Resumed || !r.Changed {
		t.Errorf("got result %+v", r)
	}
	if ran := done.ran(); slices.Contains(ran, "migrate-database") {
		t.Errorf("steps that were done ran again: %v", ran)
	}
	golden(t, "installed-25.10.0", observe(t, s))
	findEvent(t, s)
	againChangesNothing(t, s, command)
}

func lockIsFree(t *testing.T, s *labtest.Site) {
	t.Helper()
	at, err := site.At(s.Dir)
	if err != nil {
		t.Fatal(err)
	}
	unlock, err := at.Lock("the test")
	if err != nil {
		t.Fatalf("the lock outlived its holder: %v", err)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
}

// Ctrl-C ends the step, says how to go on, and resume knows what was asked.
func TestCtrlCThenResume(t *testing.T) {
	s := labtest.NewSite(t)
	p := start(t, s, install(s, s.Release("25.10.0"), "25.10.0", "--profile", "errors-only", "--no-start")...)
	p.until("the middle of the migration", during("migrate-database", "log"))
	p.signal(os.Interrupt)
	stopped := p.wait().exits(130).last("error")
	if want := "Run the same command again: it goes on at this step"; stopped.Hint != want {
		t.Errorf("got hint %q, want %q", stopped.Hint, want)
	}
	if r := lastRecord(t, s); r.Kind != step.KindFailed || r.Step != "migrate-database" {
		t.Errorf("the journal ends with %s %s", r.Kind, r.Step)
	}
	if left := oneOffs(t, s); len(left) > 0 {
		t.Errorf("the step left containers: %v", left)
	}
	lockIsFree(t, s)

	r := sentryctl(t, s, "resume", "--site", s.Dir).exits(0).last("result")
	if !r.Resumed || r.Started || r.Login != admin {
		t.Errorf("got result %+v", r)
	}
	for service, is := range services(t, s) {
		if is != "exited" {
			t.Errorf("%s is %s after an install with --no-start", service, is)
		}
	}
	nothing := sentryctl(t, s, "resume", "--site", s.Dir).exits(64).last("error")
	if diff := cmp.Diff("nothing to resume in "+s.Dir+": the last run came to its end", nothing.Error); diff != "" {
		t.Errorf("resume of what has ended (-want +got):\n%s", diff)
	}
}
