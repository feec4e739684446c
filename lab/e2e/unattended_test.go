package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sentryctl/sentryctl/internal/backup/notify"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/lab/labtest"
)

// Nobody watches: the policy holds the upgrade back until a drill has proven a
// backup, then the site goes to the newer release, and its admin hears of both.
func TestUnattendedUpgrade(t *testing.T) {
	labtest.Long(t)
	b := beforeUpgrade(t, older, newer)
	dir := t.TempDir()
	at := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	policy := at("policy.yaml", "steps: minor\nsoak_days: 30\nwindow: {from: \"00:00\", to: \"00:00\"}\ndrill_days: 1\nhealthy_hours: 1\n")
	password := at("password", "correct horse battery staple\n")
	told := filepath.Join(dir, "told.json")
	if err := site.WriteFile(filepath.Join(b.Dir, ".sentryctl", "backup", "notify.yaml"), []byte("commands: [{run: [/bin/sh, -c, 'cat > "+told+"']}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	heard := func() (n notify.Notice) {
		t.Helper()
		data, err := os.ReadFile(told)
		if err == nil {
			err = json.Unmarshal(data, &n)
		}
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	looked(t, b.Dir)
	upgrade := []string{"upgrade", "--site", b.Dir, "--to", newer, "--releases", b.releases, "--unattended", "--policy", policy}

	e := sentryctl(t, b.Site, upgrade...).exits(5)
	if text := e.last("error").Error; !strings.Contains(text, ": drill: no backup has been proven") {
		t.Errorf("got %q", text)
	}
	if n := heard(); n.OK || n.Code != 5 {
		t.Errorf("told %+v", n)
	}
	b.serves(t, older)

	sentryctl(t, b.Site, "backup", "init", "--site", b.Dir, "--repo", filepath.Join(dir, "repository"), "--password-file", password).exits(0)
	sentryctl(t, b.Site, "backup", "--site", b.Dir).exits(0)
	sentryctl(t, b.Site, "backup", "drill", "--site", b.Dir).exits(0)
	sentryctl(t, b.Site, upgrade...).exits(0)
	if n := heard(); !n.OK || n.Version != newer || !strings.Contains(n.Text, older+" to "+newer) {
		t.Errorf("told %+v", n)
	}
	b.serves(t, newer)
	sentryctl(t, b.Site, upgrade...).exits(0) // there is nothing to do
}

// What was left half done the next call ends, although the window is closed: a
// hop that had stopped nothing is given up with the room that it kept, one that
// may stand still comes to its end. The rest of the path waits for the policy,
// which has it tried on a copy first.
func TestUnattendedEndsWhatWasCutShort(t *testing.T) {
	labtest.Long(t)
	const from, first, last = "23.11.0", "24.8.0", older
	b := beforeUpgrade(t, from, first, last)
	policies := t.TempDir()
	call := func(name, policy string) []string {
		path := filepath.Join(policies, name)
		if err := os.WriteFile(path, []byte(policy), 0o600); err != nil {
			t.Fatal(err)
		}
		return []string{"upgrade", "--site", b.Dir, "--to", last, "--releases", b.releases, "--unattended", "--policy", path}
	}
	shut := call("shut.yaml", "steps: any\nwindow: {days: ["+strings.ToLower(time.Now().AddDate(0, 0, 3).Format("Mon"))+"], from: \"02:00\", to: \"05:00\"}\n")
	open := call("open.yaml", "steps: any\nrehearse: true\n")
	waits := func() {
		t.Helper()
		e := sentryctl(t, b.Site, shut...).exits(5)
		if text := e.last("error").Error; !strings.Contains(text, ": window: the next window opens on") {
			t.Errorf("got %q", text)
		}
	}
	killedAt := func(step string) {
		t.Helper()
		p := start(t, b.Site, "upgrade", "--site", b.Dir, "--to", last, "--releases", b.releases, "--yes")
		p.until(step, func(l said) bool { return l.Type == "step_started" && l.ID == step })
		p.signal(syscall.SIGKILL)
		p.wait()
	}
	ballast := func() string {
		return strings.Join(docker(t, b.Site, "volume", "ls", "-q", "--filter", "name="+b.Prefix+"-ballast"), "")
	}

	killedAt("prove-site")
	if ballast() == "" {
		t.Error("no room was kept: the test looks at nothing")
	}
	waits()
	if left := ballast(); left != "" {
		t.Errorf("the room of the hop given up is still kept: %s", left)
	}
	b.serves(t, from)

	killedAt("checkpoint")
	sentryctl(t, b.Site, shut...).exits(0)
	b.serves(t, first)
	waits()
	b.recorded(t, first)

	sentryctl(t, b.Site, open...).exits(0)
	b.serves(t, last)
	rehearsals(t, b.Site, 1)
	noCopyLeft(t, b.Site)
}

// looked keeps looks of the last hours: the test cannot wait for them.
func looked(t *testing.T, dir string) {
	t.Helper()
	s, err := site.At(dir)
	if err != nil {
		t.Fatal(err)
	}
	for ago := 3 * time.Hour; ago > 0; ago -= 15 * time.Minute {
		if err := s.AppendSighting(site.Sighting{Time: time.Now().Add(-ago).UTC(), Healthy: true, By: "health"}); err != nil {
			t.Fatal(err)
		}
	}
}
