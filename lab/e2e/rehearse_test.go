package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sentryctl/sentryctl/lab/labtest"
)

// A rehearsal takes a copy along the path and leaves nothing but its report:
// neither when it goes well, under load, nor when it is killed, nor when the
// release fails. The site goes on as if nothing had been.
func TestRehearsal(t *testing.T) {
	labtest.Long(t)
	b := beforeUpgradeWith(t, []string{"--url", "https://sentry.example.com"}, older, newer) // answers write into sentry.conf.py
	rehearse := []string{"upgrade", "--rehearse", "--site", b.Dir, "--to", newer, "--releases", b.releases}
	was := untouched(t, b.Site)

	p := start(t, b.Site, rehearse...)
	p.until("the migration of the copy", func(l said) bool { return l.Type == "step_started" && l.ID == "migrate-database" })
	copyIsShut(t, b.Site)
	p.signal(syscall.SIGKILL)
	p.wait()
	sentryctl(t, b.Site, "resume", "--site", b.Dir).exits(0)
	noCopyLeft(t, b.Site)

	posted := postUntil(t, b.Site, func() { sentryctl(t, b.Site, rehearse...).exits(0) })
	noCopyLeft(t, b.Site)
	allStored(t, b.Site, posted)
	if touched := differing(was, untouched(t, b.Site)); len(touched) > 0 {
		t.Errorf("touched: %v", touched)
	}
	data, err := os.ReadFile(rehearsals(t, b.Site, 1)[0])
	if err != nil || !strings.Contains(string(data), `"good": true`) || !strings.Contains(string(data), `"id": "migrate-database"`) {
		t.Errorf("the report says %v\n%s", err, data)
	}
	if text := planText(t, b); !strings.Contains(text, "rehearsed for this hop") {
		t.Errorf("the plan does not know of it:\n%s", text)
	}

	env := filepath.Join(b.releases, newer, ".env")
	if data, err = os.ReadFile(env); err == nil {
		err = os.WriteFile(env, append(data, "\nSTANDIN_MIGRATION=fail\n"...), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	e := sentryctl(t, b.Site, rehearse...).exits(6)
	if text := e.last("error").Error; !strings.Contains(text, "failed at migrate-database") {
		t.Errorf("got %q", text)
	}
	noCopyLeft(t, b.Site)
	if kept, err := filepath.Glob(filepath.Join(b.Dir, ".sentryctl", "failed", "*-rehearsal", "output.log")); err != nil || len(kept) != 1 {
		t.Errorf("what failed was not kept: %v, %v", kept, err)
	}
	if touched := differing(was, untouched(t, b.Site)); len(touched) > 0 {
		t.Errorf("touched: %v", touched)
	}
	rehearsals(t, b.Site, 2)
	b.serves(t, older)
}

func rehearsals(t *testing.T, s *labtest.Site, want int) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(s.Dir, ".sentryctl", "rehearsals", "*.json"))
	if err != nil || len(list) != want {
		t.Fatalf("got reports %v, %v, want %d", list, err, want)
	}
	return list
}

func planText(t *testing.T, b before) string {
	t.Helper()
	cmd := exec.Command(labtest.Binary(t), "upgrade", "--plan", "--site", b.Dir, "--to", newer)
	cmd.Env = b.Env()
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// untouched is all of a site that a rehearsal must leave alone: containers,
// volumes, the images that it runs by, files.
func untouched(t *testing.T, s *labtest.Site) map[string]string {
	t.Helper()
	out := map[string]string{}
	for service, id := range containers(t, s) {
		out["container of "+service] = id
	}
	for _, line := range docker(t, s, "volume", "ls", "-q") {
		if strings.HasPrefix(line, s.Prefix) && !strings.HasPrefix(line, copyOf(s)) {
			out["volume "+line] = strings.Join(docker(t, s, "volume", "inspect", "--format", "{{.CreatedAt}} {{.Mountpoint}}", line), "")
		}
	}
	for _, line := range docker(t, s, "image", "ls", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}") {
		name, id, _ := strings.Cut(line, " ")
		if strings.HasPrefix(name, s.Prefix) && !strings.HasPrefix(name, copyOf(s)) {
			out["image "+name] = id
		}
	}
	for path, at := range written(t, s) {
		own := strings.HasPrefix(path, ".sentryctl/rehearsal") || strings.HasPrefix(path, ".sentryctl/failed/") || path == ".sentryctl/health.jsonl"
		if !own {
			out["file "+path] = at
		}
	}
	return out
}

func copyOf(s *labtest.Site) string { return s.Prefix + "-sentryctl-rehearsal" }

// copyIsShut looks at a copy that runs: no port is published, its networks
// lead nowhere, mail goes nowhere, and it gives way.
func copyIsShut(t *testing.T, s *labtest.Site) {
	t.Helper()
	label := "label=com.docker.compose.project=" + copyOf(s)
	for _, id := range docker(t, s, "ps", "-q", "--filter", label) {
		got := docker(t, s, "inspect", "--format", "{{.HostConfig.PortBindings}} {{.HostConfig.OomScoreAdj}} {{.HostConfig.CpuShares}}", id)[0]
		if got != "map[] 900 64" {
			t.Errorf("a container of the copy: %s", got)
		}
	}
	for _, id := range docker(t, s, "network", "ls", "-q", "--filter", label) {
		if got := docker(t, s, "network", "inspect", "--format", "{{.Internal}}", id)[0]; got != "true" {
			t.Errorf("a network of the copy leads out")
		}
	}
	data, err := os.ReadFile(filepath.Join(s.Dir, ".sentryctl", "rehearsal", "site", "sentry", "config.yml"))
	if err != nil || !strings.Contains(string(data), "mail.backend: dummy") && !strings.Contains(string(data), "mail.backend: 'dummy'") {
		t.Errorf("mail of the copy: %v\n%s", err, data)
	}
}

func noCopyLeft(t *testing.T, s *labtest.Site) {
	t.Helper()
	label := "label=com.docker.compose.project=" + copyOf(s)
	for _, id := range docker(t, s, "network", "ls", "-q", "--filter", label) {
		// Engine 20.10 sometimes keeps a network that nobody uses until it is started again.
		if _, err := s.Docker.Output(t.Context(), "network", "rm", id); err == nil || !strings.Contains(err.Error(), "has active endpoints") {
			t.Errorf("left network %s: %v", id, err)
		}
	}
	for _, list := range [][]string{{"ps", "-aq"}, {"volume", "ls", "-q"}} {
		if left := docker(t, s, append(list, "--filter", label)...); strings.Join(left, "") != "" {
			t.Errorf("docker %v: left %v", list, left)
		}
	}
	if left := docker(t, s, "image", "ls", "-q", "--filter", "reference="+copyOf(s)+"/*"); strings.Join(left, "") != "" {
		t.Errorf("left images %v", left)
	}
	if left := docker(t, s, "ps", "-aq", "--filter", "name="+copyOf(s)); strings.Join(left, "") != "" {
		t.Errorf("left helpers %v", left)
	}
	if _, err := os.Stat(filepath.Join(s.Dir, ".sentryctl", "rehearsal", "site")); err == nil {
		t.Error("left files of the copy")
	}
}
