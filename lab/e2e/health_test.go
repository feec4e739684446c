package e2e

import (
	"os/exec"
	"testing"

	"github.com/sentryctl/sentryctl/lab/labtest"
)

// A site that looks well to Docker and to a browser may still lose events.
func TestHealthSeesWhatIsLost(t *testing.T) {
	s := labtest.NewSite(t)
	command := install(s, s.Release("25.5.1"), "25.5.1")
	startWith(t, (*exec.Cmd).Start, s.Env("STANDIN_DROP_EVENTS=1"), append([]string{}, command...)...).wait().exits(0)

	health := func(more ...string) ended {
		t.Helper()
		return sentryctl(t, s, append([]string{"health", "--site", s.Dir, "--limit", "20s"}, more...)...)
	}
	health().exits(0)
	if got := health("--canary").exits(1).last("error").Error; got != "the site is not well: canary" {
		t.Errorf("events vanish, and it says: %s", got)
	}

	// Without the fault the same install starts the consumer again.
	sentryctl(t, s, command...).exits(0)
	health("--canary").exits(0)

	docker(t, s, "stop", s.Prefix+"-worker-1")
	if got := health().exits(1).last("error").Error; got != "the site is not well: containers" {
		t.Errorf("a worker is stopped, and it says: %s", got)
	}
	docker(t, s, "stop", s.Prefix+"-nginx-1")
	if got := health("--canary").exits(1).last("error").Error; got != "the site is not well: containers, front-door, canary" {
		t.Errorf("nginx is stopped too, and it says: %s", got)
	}
}
