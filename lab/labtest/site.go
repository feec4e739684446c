package labtest

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/sentryctl/sentryctl/lab/adapt"
	"github.com/sentryctl/sentryctl/lab/engine"
	"github.com/sentryctl/sentryctl/lab/probe"
	"github.com/sentryctl/sentryctl/lab/setup"
	"github.com/sentryctl/sentryctl/lab/trees"
)

// Site is a place for one site that no other test has anything of.
type Site struct {
	Lab
	Dir    string // for --site: empty, removed at the end
	Prefix string // of the project and of all that it has on the Engine
	Port   int    // of the front door, free when the test began
	t      testing.TB
}

// sitePrefix starts the name of every test's site; the number of the process
// follows, so that a later run knows whose sites are left over.
const sitePrefix = "sentryctl-lab-t"

var count atomic.Int64

// NewSite makes room for a site and cleans it up when the test ends.
func NewSite(t testing.TB) *Site {
	t.Helper()
	s := &Site{Lab: Need(t), t: t, Dir: filepath.Join(t.TempDir(), "site"), Port: FreePort(t)}
	s.Prefix = fmt.Sprintf("%s%d-%d", sitePrefix, os.Getpid(), count.Add(1))
	t.Cleanup(func() { cleanUp(t, s.Docker, s.Prefix) })
	return s
}

// Release writes the release tree of a version with this site's names and
// port and returns its path: a --source for install.
func (s *Site) Release(version string) string {
	s.t.Helper()
	dir := filepath.Join(s.t.TempDir(), version)
	if err := trees.Write(dir, version, s.options()); err != nil {
		s.t.Fatal(err)
	}
	return dir
}

// Adapted is upstream's own tree of a version on the lab's images.
func (s *Site) Adapted(version string) string {
	s.t.Helper()
	dir := filepath.Join(s.t.TempDir(), version)
	refs, err := adapt.Tree(Real(s.t, version), dir, adapt.Options(s.options()))
	if err == nil {
		err = s.Up(s.t.Context(), refs...)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return dir
}

func (s *Site) options() trees.Options {
	return trees.Options{Prefix: s.Prefix, Bind: "127.0.0.1:" + strconv.Itoa(s.Port)}
}

// URL is the front door.
func (s *Site) URL() string { return fmt.Sprintf("http://127.0.0.1:%d", s.Port) }

// Env is the environment of a command about this site: no setting of another
// site or of the person who runs the tests gets in.
func (s *Site) Env(more ...string) []string {
	var env []string
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "COMPOSE_") && !strings.HasPrefix(kv, "SENTRY") && !strings.HasPrefix(kv, "LAB_") {
			env = append(env, kv)
		}
	}
	return append(env, more...)
}

// Probe posts events to the site and finds them.
func (s *Site) Probe() probe.Probe {
	return probe.Probe{Docker: s.Docker, Project: s.Prefix, URL: s.URL()}
}

// FreePort is a TCP port of the loopback that nobody listens on now.
func FreePort(t testing.TB) int {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("find a free port: %v", err)
	}
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port
}

// sweep removes the sites of test processes that were killed.
func sweep(ctx context.Context, docker engine.Docker) error {
	lines, err := docker.Lines(ctx, "ps", "-a", "--format", "{{.Names}}", "--filter", "name="+sitePrefix)
	if err != nil {
		return err
	}
	volumes, err := docker.Lines(ctx, "volume", "ls", "-q", "--filter", "name="+sitePrefix)
	if err != nil {
		return err
	}
	done := map[string]bool{}
	for _, name := range append(lines, volumes...) {
		prefix, pid := processOf(name)
		if prefix == "" || done[prefix] || alive(pid) {
			continue
		}
		done[prefix] = true
		if err := (setup.Cleaning{Docker: docker, Prefix: prefix, Talk: os.Stderr}).Run(ctx); err != nil {
			return err
		}
	}
	return nil
}

// processOf takes "sentryctl-lab-t123-4-kafka-1" apart: the prefix of that
// process's sites, and its number.
func processOf(name string) (prefix string, pid int) {
	rest, ok := strings.CutPrefix(name, sitePrefix)
	number, _, dashed := strings.Cut(rest, "-")
	pid, err := strconv.Atoi(number)
	if !ok || !dashed || err != nil {
		return "", 0
	}
	return sitePrefix + number, pid
}

func alive(pid int) bool { return syscall.Kill(pid, 0) != syscall.ESRCH }
