package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/lab/labtest"
)

// override is what an admin may have put into the empty site directory.
const override = `# mine
services:
  web:
    environment: {ADMINS_OWN: "yes"}
    labels: {admins.own: "yes"}
`

const address = "http://sentry.example.com"

// The whole of a first install, and what a later one leaves alone.
func TestInstallThenInstallAgain(t *testing.T) {
	s := labtest.NewSite(t)
	mine := filepath.Join(s.Dir, "docker-compose.override.yml")
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(mine, []byte(override), 0o640); err != nil {
		t.Fatal(err)
	}
	// With an address of its own the site's configuration does not hang on the port.
	command := install(s, s.Release("25.10.0"), "25.10.0", "--url", address)

	first := sentryctl(t, s, command...).exits(0).last("result")
	if !first.Changed || !first.Started || first.Resumed || first.URL != address || first.Login != admin {
		t.Errorf("got result %+v", first)
	}
	golden(t, "installed-25.10.0", withoutOverride(observe(t, s)))
	if page := logIn(t, s.URL(), first.Login, first.Password); !strings.Contains(page, "Signed in as "+admin) {
		t.Errorf("after the login came:\n%s", page)
	}
	findEvent(t, s)
	overrideHonoured(t, s, mine)

	t.Run("again changes nothing", func(t *testing.T) { againChangesNothing(t, s, command) })
	t.Run("another port concerns nginx alone", func(t *testing.T) {
		before, port := containers(t, s), labtest.FreePort(t)
		moved := sentryctl(t, s, append(slices.Clone(command), "--bind", fmt.Sprintf("127.0.0.1:%d", port))...).exits(0).last("result")
		if diff := cmp.Diff([]string{"nginx"}, differing(before, containers(t, s))); diff != "" {
			t.Errorf("services touched (-want +got):\n%s", diff)
		}
		s.Port = port
		if !moved.Changed {
			t.Error("the run says that it changed nothing")
		}
		findEvent(t, s)
	})
	t.Run("another answer leaves the databases alone", func(t *testing.T) {
		before := containers(t, s)
		sentryctl(t, s, "install", "--site", s.Dir, "--ignore", "cpu-count", "--yes", "--set", "mail.from=Sentry <sentry@example.com>").exits(0)
		after := containers(t, s)
		touched := differing(before, after)
		if !slices.Contains(touched, "web") {
			t.Errorf("web did not get its new configuration; touched: %v", touched)
		}
		for _, store := range []string{"postgres", "redis", "kafka", "clickhouse", "memcached", "seaweedfs", "snuba-api", "relay"} {
			if slices.Contains(touched, store) {
				t.Errorf("%s was touched for nothing: %s became %s", store, before[store], after[store])
			}
		}
		findEvent(t, s)
	})
	t.Run("config apply", func(t *testing.T) { configApplyTouchesWhatIsConcerned(t, s) })
}

func withoutOverride(st state) state {
	st.Files = slices.DeleteFunc(st.Files, func(f string) bool { return strings.HasSuffix(f, " docker-compose.override.yml") })
	return st
}

func overrideHonoured(t *testing.T, s *labtest.Site, path string) {
	t.Helper()
	web := docker(t, s, "inspect", "--format", `{{index .Config.Labels "admins.own"}} {{.Config.Env}}`, s.Prefix+"-web-1")[0]
	if !strings.HasPrefix(web, "yes ") || !strings.Contains(web, "ADMINS_OWN=yes") {
		t.Errorf("web does not have what the override file gives it: %s", web)
	}
	data, err := os.ReadFile(path)
	if err != nil || string(data) != override {
		t.Errorf("the admin's override file was changed (%v):\n%s", err, data)
	}
	if info, err := os.Stat(path); err == nil && info.Mode() != 0o640 {
		t.Errorf("the admin's override file has mode %s, want 0640", info.Mode())
	}
}

func againChangesNothing(t *testing.T, s *labtest.Site, command []string) {
	boxes, times := containers(t, s), written(t, s)
	again := sentryctl(t, s, command...).exits(0)
	if r := again.last("result"); r.Changed || r.Resumed {
		t.Errorf("got changed %t, resumed %t; steps that ran: %v", r.Changed, r.Resumed, again.ran())
	}
	if touched := differing(boxes, containers(t, s)); len(touched) > 0 {
		t.Errorf("containers touched: %v", touched)
	}
	if changed := differing(times, written(t, s)); len(changed) > 0 {
		t.Errorf("files written: %v", changed)
	}
	t.Logf("an install that changes nothing took %s", again.took)
}
