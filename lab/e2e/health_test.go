package e2e

import (
	"os/exec"
	"testing"

	"github.com/sentryctl/sentryctl/lab/labtest"
)

func health(t *testing.T, s *labtest.Site, more ...string) ended {
	t.Helper()
	return sentryctl(t, s, append([]string{"health", "--site", s.Dir, "--limit", "20s"}, more...)...)
}

func TestASiteThatRuns(t *testing.T) {
	s := labtest.NewSite(t)
	source := s.Release("25.5.1")
	sentryctl(t, s, install(s, source, "25.5.1")...).exits(0)
	t.Run("health names what is down", func(t *testing.T) { healthNamesWhatIsDown(t, s) })
	t.Run("adopt", func(t *testing.T) { adoptARunningSite(t, s, source) })
}

func healthNamesWhatIsDown(t *testing.T, s *labtest.Site) {
	health(t, s, "--canary").exits(0)

	docker(t, s, "stop", s.Prefix+"-worker-1")
	if got := health(t, s).exits(1).last("error").Error; got != "the site is not well: containers" {
		t.Errorf("a worker is stopped, and it says: %s", got)
	}
	docker(t, s, "stop", s.Prefix+"-nginx-1")
	if got := health(t, s, "--canary").exits(1).last("error").Error; got != "the site is not well: containers, front-door, canary" {
		t.Errorf("nginx is stopped too, and it says: %s", got)
	}
	docker(t, s, "start", s.Prefix+"-worker-1", s.Prefix+"-nginx-1")
	health(t, s, "--canary").exits(0)
}

// A site that looks well to Docker and to a browser may still lose events.
func TestOnlyTheCanarySeesEventsVanish(t *testing.T) {
	labtest.Long(t)
	s := labtest.NewSite(t)
	startWith(t, (*exec.Cmd).Start, s.Env("STANDIN_DROP_EVENTS=1"), install(s, s.Release("25.5.1"), "25.5.1")...).wait().exits(0)
	health(t, s).exits(0)
	if got := health(t, s, "--canary").exits(1).last("error").Error; got != "the site is not well: canary" {
		t.Errorf("events vanish, and it says: %s", got)
	}
}
