package e2e

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/lab/labtest"
)

// nothingTouched wants no trace of the site on the Engine, and on disk only
// what is named.
func nothingTouched(t *testing.T, s *labtest.Site, onDisk ...string) {
	t.Helper()
	got := mine(s, append(docker(t, s, "volume", "ls", "-q"), docker(t, s, "network", "ls", "--format", "{{.Name}}")...))
	got = append(got, mine(s, docker(t, s, "ps", "-a", "--format", "{{.Names}}"))...)
	got = append(got, mine(s, docker(t, s, "images", "--format", "{{.Repository}}"))...)
	if len(got) > 0 {
		t.Errorf("on the Engine there is %v", got)
	}
	entries, err := os.ReadDir(s.Dir)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if diff := cmp.Diff(onDisk, names); diff != "" {
		t.Errorf("in the site (-want +got):\n%s", diff)
	}
}

func wantText(t *testing.T, what, got string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(got, part) {
			t.Errorf("%s: got %q, which lacks %q", what, got, part)
		}
	}
}

// blockedBy wants a preflight that names one check as what blocks.
func (e ended) blockedBy(id string) finding {
	e.t.Helper()
	e.exits(4)
	var ids []string
	for _, f := range e.blocking() {
		if f.ID == "cpu-count" {
			continue // ignored
		}
		if ids = append(ids, f.ID); f.ID == id && f.Hint != "" {
			return f
		}
	}
	e.t.Fatalf("blocked by %v, want %s with a hint", ids, id)
	return finding{}
}

func TestImageThatCannotBePulled(t *testing.T) {
	s := labtest.NewSite(t)
	registry := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v2/" {
			http.NotFound(w, r)
		}
	}))
	defer registry.Close()
	tree, image := s.Release("25.10.0"), registry.Listener.Addr().String()+"/absent/snuba:25.10.0"
	env := filepath.Join(tree, ".env")
	data, err := os.ReadFile(env)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(data), "SNUBA_IMAGE=", "SNUBA_IMAGE="+image+"\n# ", 1)
	if err := os.WriteFile(env, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	fault := sentryctl(t, s, install(s, tree, "25.10.0", "--ignore", "reach-registry")...).exits(6).last("error")
	wantText(t, "error", fault.Error, "pull-images", image)
	if fault.Hint == "" {
		t.Error("no hint")
	}
	nothingTouched(t, s, ".sentryctl")
}

func TestPortTaken(t *testing.T) {
	s := labtest.NewSite(t)
	ln, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", s.Port))
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	f := sentryctl(t, s, install(s, s.Release("25.10.0"), "25.10.0")...).blockedBy("port-free")
	wantText(t, "finding", f.Got, fmt.Sprint(s.Port), fmt.Sprint(os.Getpid()))
	nothingTouched(t, s)
}

func TestDirectoryOfAnotherProject(t *testing.T) {
	s := labtest.NewSite(t)
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	theirs := filepath.Join(s.Dir, "docker-compose.yml")
	if err := os.WriteFile(theirs, []byte("services: {}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	fault := sentryctl(t, s, install(s, s.Release("25.10.0"), "25.10.0")...).exits(10).last("error")
	wantText(t, "error", fault.Error, s.Dir, "docker-compose.yml")
	wantText(t, "hint", fault.Hint, "--site")
	nothingTouched(t, s, "docker-compose.yml")
}

func TestSecondInstallAtOnce(t *testing.T) {
	s := labtest.NewSite(t)
	command := install(s, s.Release("25.10.0"), "25.10.0", "--profile", "errors-only")
	first := start(t, s, command...)
	first.until("the middle of the build", during("build-images", "step_started"))
	fault := sentryctl(t, s, command...).exits(11).last("error")
	wantText(t, "error", fault.Error, fmt.Sprintf("pid %d", first.cmd.Process.Pid), "sentryctl install --site "+s.Dir)
	first.signal(syscall.SIGTERM)
	first.wait().exits(130)
}

func TestEngineOutOfReach(t *testing.T) {
	s := labtest.NewSite(t)
	env := s.Env("DOCKER_HOST=unix://" + filepath.Join(t.TempDir(), "none.sock"))
	p := startWith(t, (*exec.Cmd).Start, env, install(s, s.Release("25.10.0"), "25.10.0")...)
	if fault := p.wait().exits(12).last("error"); fault.Hint == "" {
		t.Errorf("no hint with %q", fault.Error)
	}
	nothingTouched(t, s)
	if _, err := os.Stat(s.Dir); !os.IsNotExist(err) {
		t.Errorf("the site directory was made: %v", err)
	}
}
