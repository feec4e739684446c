package stack

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"github.com/sentryctl/sentryctl/internal/event"
)

const boxImage = "sentryctl-test-box:latest"

// realEngine connects to the Engine of this machine, or skips.
func realEngine(t testing.TB) *Engine {
	t.Helper()
	if testing.Short() {
		t.Skipf("needs a Docker Engine, and this is a short run")
	}
	e, err := Connect(t.Context())
	if err != nil {
		t.Skipf("no Docker Engine answers: %v", err)
	}
	t.Cleanup(func() { e.Close() })
	e.program = boxProgram(t)
	return e
}

// boxProgram builds the program of the test containers once.
func boxProgram(t testing.TB) string {
	t.Helper()
	path, err := buildBox()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var buildBox = sync.OnceValues(func() (string, error) {
	path := filepath.Join(os.TempDir(), fmt.Sprintf("sentryctl-test-box-%d", os.Getuid()))
	cmd := exec.Command("go", "build", "-ldflags=-s -w -buildid=", "-trimpath", "-o", path, "./testdata/box")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the test program: %w: %s", err, out)
	}
	return path, nil
})

// events keeps what is told.
type events struct {
	mu   sync.Mutex
	list []event.Event
}

func (s *events) Emit(e event.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, e)
}

func (s *events) logged() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var text strings.Builder
	for _, e := range s.list {
		if l, ok := e.(event.Log); ok {
			text.WriteString(l.Source + ": " + l.Text + "\n")
		}
	}
	return text.String()
}

// site is a project of its own on the real Engine, removed at the end.
type site struct {
	*Stack
	dir  string
	told *events
}

func newSite(t *testing.T, e *Engine, compose string) *site {
	t.Helper()
	name := "sentryctl-test-" + strings.ToLower(rand.Text()[:10])
	dir := t.TempDir()
	write(t, filepath.Join(dir, "docker-compose.yml"), "name: "+name+"\n"+compose)
	ensureBoxImage(t, e)
	s := &site{dir: dir, told: &events{}}
	s.load(t, e)
	t.Cleanup(func() { removeProject(t, e, name) })
	return s
}

// load reads the compose file again.
func (s *site) load(t *testing.T, e *Engine) {
	t.Helper()
	p, err := Load(t.Context(), LoadOptions{Dir: s.dir})
	if err != nil {
		t.Fatal(err)
	}
	s.Stack = e.Stack(p, s.told)
	s.ReadyTimeout, s.StopTimeout = 20*time.Second, 3*time.Second
}

func ensureBoxImage(t testing.TB, e *Engine) {
	t.Helper()
	file, err := os.Open(boxProgram(t))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	st, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if have, err := e.ImagePresent(t.Context(), boxImage); err != nil || have {
		return
	}
	if err := e.importProgram(t.Context(), boxImage, file, st.Size()); err != nil {
		t.Fatal(err)
	}
}

func removeProject(t testing.TB, e *Engine, name string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	list, err := e.api.ContainerList(ctx, listOf(name))
	if err != nil {
		t.Error(err)
	}
	for _, c := range list.Items {
		if err := e.remove(ctx, c.ID); err != nil {
			t.Error(err)
		}
	}
	nets, _ := e.api.NetworkList(ctx, client.NetworkListOptions{Filters: make(client.Filters).Add("label", "com.docker.compose.project="+name)})
	for _, n := range nets.Items {
		if _, err := e.api.NetworkRemove(ctx, n.ID, client.NetworkRemoveOptions{}); err != nil {
			t.Error(err)
		}
	}
	volumes, err := e.VolumeNames(ctx)
	if err != nil {
		t.Error(err)
	}
	for _, v := range volumes {
		if strings.HasPrefix(v, name) {
			if _, err := e.api.VolumeRemove(ctx, v, client.VolumeRemoveOptions{Force: true}); err != nil {
				t.Error(err)
			}
		}
	}
}

func listOf(project string) client.ContainerListOptions {
	return client.ContainerListOptions{All: true, Filters: make(client.Filters).Add("label", "com.docker.compose.project="+project)}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
