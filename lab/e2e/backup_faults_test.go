package e2e

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sentryctl/sentryctl/lab/labtest"
)

// struck is a site with one good backup, which faults are let loose on.
type struck struct {
	*labtest.Site
	env      []string
	begin    func(*exec.Cmd) error
	repo     string
	password string            // the path of its file
	older    string            // the good backup
	healthy  map[string]string // what Docker said of its services
}

// faultySite installs a site and makes the good backup.
func faultySite(t *testing.T) *struck {
	t.Helper()
	s := labtest.NewSite(t)
	sentryctl(t, s, install(s, s.Release("25.10.0"), "25.10.0", "--profile", "errors-only")...).exits(0)
	x := &struck{Site: s, env: s.Env(), begin: (*exec.Cmd).Start, healthy: services(t, s)}
	return x.into(t, filepath.Join(t.TempDir(), "repo"), secretFile(t, "correct horse battery staple"))
}

func secretFile(t *testing.T, secret string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// into is the same site with another repository, and a good backup there.
func (x *struck) into(t *testing.T, repo, password string, env ...string) *struck {
	t.Helper()
	y := *x
	y.env = append(slices.Clone(x.env), env...)
	y.repo, y.password = repo, password
	y.run(t, "backup", "init").exits(0)
	y.older = y.run(t, "backup", "create").exits(0).last("result").Set
	return &y
}

func (x *struck) start(t *testing.T, args ...string) *process {
	t.Helper()
	return startWith(t, x.begin, x.env, append(args, "--site", x.Dir, "--repo", x.repo, "--password-file", x.password)...)
}

func (x *struck) run(t *testing.T, args ...string) ended {
	t.Helper()
	return x.start(t, args...).wait()
}

// stands fails the test unless the services go on by themselves, the older
// backup comes back, and a new one can be made.
func (x *struck) stands(t *testing.T) {
	t.Helper()
	x.allRun(t)
	x.recovers(t)
}

func (x *struck) recovers(t *testing.T) {
	t.Helper()
	to := filepath.Join(t.TempDir(), "to")
	x.run(t, "restore", x.older, "--to", to, "--volume", x.Prefix+"-postgres").exits(0)
	if found, err := filepath.Glob(filepath.Join(to, "*", "PG_VERSION")); err != nil || len(found) != 1 {
		t.Errorf("the older backup brought back %v, %v", found, err)
	}
	x.run(t, "backup", "create").exits(0)
	x.allRun(t)
}

// allRun waits until nothing rests and each service is as it was.
func (x *struck) allRun(t *testing.T) {
	t.Helper()
	await(t, "the services to go on", func() string {
		if _, err := os.Stat(x.note()); !errors.Is(err, fs.ErrNotExist) {
			return "there is a note that services rest"
		}
		now := services(t, x.Site)
		if maps.Equal(now, x.healthy) {
			return ""
		}
		return fmt.Sprintf("%v are not as before: %v", differing(x.healthy, now), now)
	})
}

// note is the file that says who rests.
func (x *struck) note() string { return filepath.Join(x.Dir, ".sentryctl", "backup", "resting.json") }

// await waits until why finds nothing to say.
func await(t *testing.T, what string, why func() string) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(patience); ; {
		said := why()
		if said == "" {
			return
		}
		select {
		case <-end:
			t.Fatalf("waited %s for %s: %s", patience, what, said)
		case <-tick.C:
		}
	}
}

// moment is a point of a backup, and how to see that it has come.
type moment struct {
	name string
	args []string // that make it last
	came func(t *testing.T, x *struck, p *process)
}

func begins(step string) moment {
	return moment{name: step, came: func(_ *testing.T, _ *struck, p *process) {
		p.until("the begin of "+step, func(l said) bool { return l.Type == "step_started" && l.ID == step })
	}}
}

var (
	// A first pass that has much to send, slowly.
	passOne = moment{"pass one", []string{"--upload-limit", "1000000"}, func(_ *testing.T, _ *struck, p *process) {
		p.until("pass one", during("capture-volumes", "progress"))
	}}
	// No pass but the last, which is slow.
	freezing = moment{"freezing", atRest, func(t *testing.T, x *struck, p *process) {
		p.until("the rest", func(l said) bool { return l.Type == "notice" && strings.Contains(l.Text, "rest now") })
		await(t, "the note", func() string {
			if _, err := os.Stat(x.note()); err != nil {
				return err.Error()
			}
			return ""
		})
	}}
	lastPass = moment{"the last pass", atRest, func(t *testing.T, x *struck, p *process) {
		freezing.came(t, x, p)
		p.until("the last pass", func(l said) bool { return l.Type == "progress" })
	}}
	atRest = []string{"--passes", "0", "--upload-limit", "1000000"}
)

// news is something to send in the next backup.
func (x *struck) news(t *testing.T) {
	t.Helper()
	docker(t, x.Site, "exec", x.Prefix+"-postgres-1", "sh", "-c", "head -c 20000000 /dev/urandom >/var/lib/postgresql/data/news")
}

// at runs a backup up to a moment.
func (x *struck) at(t *testing.T, m moment, args ...string) *process {
	t.Helper()
	x.news(t)
	p := x.start(t, slices.Concat([]string{"backup", "create"}, m.args, args)...)
	m.came(t, x, p)
	return p
}

// Whatever ends a backup, and whenever, the site goes on, older backups come
// back, and the next backup is made.
func TestEndedBackups(t *testing.T) {
	labtest.Long(t)
	x := faultySite(t)
	for _, c := range []struct {
		how  syscall.Signal
		code int // -1 for a signal's
		when []moment
	}{
		{syscall.SIGKILL, -1, []moment{begins("check-site"), begins("capture-volumes"), passOne, freezing, lastPass, begins("prove-front-door"), begins("write-manifest")}},
		{syscall.SIGINT, 130, []moment{passOne, lastPass}},
		{syscall.SIGHUP, 130, []moment{passOne, lastPass}},
	} {
		for _, m := range c.when {
			t.Run(c.how.String()+" at "+m.name, func(t *testing.T) {
				p := x.at(t, m)
				p.signal(c.how)
				p.wait().exits(c.code)
				x.stands(t)
			})
		}
	}
}

// A helper that dies is told as what it is; a guard that dies too leaves its
// work to the next command.
func TestEndedHelperAndGuard(t *testing.T) {
	labtest.Long(t)
	x := faultySite(t)
	for _, m := range []moment{passOne, lastPass} {
		t.Run("helper at "+m.name, func(t *testing.T) {
			p := x.at(t, m)
			docker(t, x.Site, "kill", x.Prefix+"-sentryctl-backup")
			if e := p.wait(); e.code <= 0 || e.last("error").Error == "" {
				t.Errorf("got exit code %d\n%s", e.code, e.tail)
			}
			x.stands(t)
		})
	}
	for _, next := range []string{"resume", "create"} {
		t.Run("guard, then "+next, func(t *testing.T) {
			p := x.at(t, lastPass)
			killGuard(t, x)
			p.signal(syscall.SIGKILL)
			p.wait()
			if !slices.Contains(slices.Collect(maps.Values(services(t, x.Site))), "paused") {
				t.Fatal("nothing rests, so nothing is to be tried here")
			}
			if next == "resume" {
				sentryctl(t, x.Site, "resume", "--site", x.Dir).exits(0)
				x.allRun(t)
			}
			x.recovers(t)
		})
	}
}

// killGuard kills the guard of a site, and only that.
func killGuard(t *testing.T, x *struck) {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range lines {
		line, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(line), "\x00backup\x00guard\x00--site\x00"+x.Dir+"\x00") {
			continue
		}
		var pid int
		if _, err := fmt.Sscanf(path, "/proc/%d/", &pid); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Fatal("there is no guard")
}
