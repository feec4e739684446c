package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/lab/labtest"
)

// Answers that are set change nothing; their apply touches the services
// concerned and no other; what an admin edited by hand is not lost.
func configApplyTouchesWhatIsConcerned(t *testing.T, s *labtest.Site) {
	whole := containers(t, s)

	configure(t, s, "set", "mail.host=smtp.example.com")
	if got := differing(whole, containers(t, s)); len(got) > 0 {
		t.Errorf("config set touched %v", got)
	}
	if !configure(t, s, "apply", "--yes").Changed {
		t.Error("the apply says that it changed nothing")
	}
	after := containers(t, s)
	touched := differing(whole, after)
	if !slices.Contains(touched, "web") || !slices.Contains(touched, "taskworker") {
		t.Errorf("Sentry's own services did not get the change: %v", touched)
	}
	for _, bystander := range []string{"postgres", "redis", "kafka", "clickhouse", "memcached", "seaweedfs", "snuba-api", "relay"} {
		if slices.Contains(touched, bystander) {
			t.Errorf("the name of a mail server touched %s", bystander)
		}
	}

	findEvent(t, s) // nginx has to know where web is now

	t.Run("again changes nothing", func(t *testing.T) {
		if configure(t, s, "apply", "--yes").Changed || len(differing(after, containers(t, s))) > 0 {
			t.Error("a second apply changed something")
		}
	})
	t.Run("another port concerns nginx alone", func(t *testing.T) {
		before, port := containers(t, s), labtest.FreePort(t)
		configure(t, s, "set", fmt.Sprintf("bind=127.0.0.1:%d", port))
		configure(t, s, "apply", "--yes")
		if diff := cmp.Diff([]string{"nginx"}, differing(before, containers(t, s))); diff != "" {
			t.Errorf("services touched (-want +got):\n%s", diff)
		}
		s.Port = port
		findEvent(t, s)
	})
	t.Run("an edit by hand is not lost", func(t *testing.T) { handEditSurvives(t, s) })
}

// configure runs sentryctl config on the site.
func configure(t *testing.T, s *labtest.Site, args ...string) said {
	t.Helper()
	return sentryctl(t, s, append([]string{"config"}, append(args, "--site", s.Dir)...)...).exits(0).last("result")
}

// handEditSurvives edits a key that answers set, and one of the admin's own.
func handEditSurvives(t *testing.T, s *labtest.Site) {
	yml := filepath.Join(s.Dir, "sentry", "config.yml")
	text, err := os.ReadFile(yml)
	if err != nil {
		t.Fatal(err)
	}
	edited := strings.Replace(string(text), "smtp.example.com", "mine.example.com", 1) + "auth.ip-rate-limit: 5 # mine\n"
	if err := os.WriteFile(yml, []byte(edited), 0o644); err != nil {
		t.Fatal(err)
	}
	refused := sentryctl(t, s, "config", "apply", "--yes", "--site", s.Dir).exits(64).last("error")
	if !strings.Contains(refused.Error, "mail.host was changed by hand") {
		t.Errorf("the refusal does not name the key: %s", refused.Error)
	}
	configure(t, s, "apply", "--yes", "--conflict", "mine")
	out, err := exec.CommandContext(t.Context(), labtest.Binary(t), "config", "get", "mail.host", "--site", s.Dir).Output()
	if got := strings.TrimSpace(string(out)); err != nil || got != "mine.example.com" {
		t.Errorf("mail.host is %q, %v", got, err)
	}
	if now, err := os.ReadFile(yml); err != nil || string(now) != edited {
		t.Errorf("%v: the file is not as the admin left it:\n%s", err, now)
	}
}
