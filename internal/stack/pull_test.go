package stack

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker/cli/cli/config"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/moby/moby/client"

	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
)

const registryUser, registryPassword = "reader", "let-me-pull"

// startRegistry serves an image registry on the loopback, which an Engine of
// this machine takes without TLS. It wants a user and a password.
func startRegistry(t *testing.T, e *Engine) (address string) {
	t.Helper()
	if !strings.HasPrefix(e.host, "unix://") {
		t.Skipf("the Engine is at %s and may not reach this machine's loopback", e.host)
	}
	serve := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != registryUser || password != registryPassword {
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		serve.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	return strings.TrimPrefix(srv.URL, "http://")
}

// logIn writes a docker configuration with credentials, as docker login does,
// and connects with it.
func logIn(t *testing.T, address, password string) *Engine {
	t.Helper()
	dir := t.TempDir()
	auth := base64.StdEncoding.EncodeToString([]byte(registryUser + ":" + password))
	text := fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, address, auth)
	if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	// DOCKER_CONFIG is read once in a process.
	before := config.Dir()
	config.SetDir(dir)
	t.Cleanup(func() { config.SetDir(before) })
	return realEngine(t)
}

// publish pushes the box image under each ref and takes it off the Engine.
func publish(t *testing.T, e *Engine, refs ...string) {
	t.Helper()
	ensureBoxImage(t, e)
	auth := base64.URLEncoding.EncodeToString(fmt.Appendf(nil, `{"username":%q,"password":%q}`, registryUser, registryPassword))
	for _, ref := range refs {
		if _, err := e.api.ImageTag(t.Context(), client.ImageTagOptions{Source: boxImage, Target: ref}); err != nil {
			t.Fatal(err)
		}
		res, err := e.api.ImagePush(t.Context(), ref, client.ImagePushOptions{RegistryAuth: auth})
		if err != nil {
			t.Fatal(err)
		}
		said, err := io.ReadAll(res)
		if err != nil || strings.Contains(string(said), "errorDetail") {
			t.Fatalf("push %s: %v: %s", ref, err, said)
		}
		forget(t, e, ref)
	}
}

func forget(t *testing.T, e *Engine, ref string) {
	t.Helper()
	if _, err := e.api.ImageRemove(context.WithoutCancel(t.Context()), ref, client.ImageRemoveOptions{Force: true}); err != nil {
		t.Error(err)
	}
}

func TestPullWithCredentials(t *testing.T) {
	address := startRegistry(t, realEngine(t))
	e := logIn(t, address, registryPassword)
	one, two := address+"/box:1", address+"/box:2"
	publish(t, e, one, two)
	s := newSite(t, e, "services: {a: {image: '"+one+"'}, b: {image: '"+two+"'}, c: {image: '"+one+"'}}")
	if err := s.Pull(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer forget(t, e, one)
	defer forget(t, e, two)
	if missing, err := s.MissingImages(t.Context()); err != nil || len(missing) > 0 {
		t.Errorf("still missing %v, %v", missing, err)
	}
	done := map[string]bool{}
	for _, told := range s.told.list {
		if p, ok := told.(event.Progress); ok && p.Done == p.Total {
			done[p.Item] = true
		}
	}
	if !done[one] || !done[two] {
		t.Errorf("the pulls were not told to their end: %v", done)
	}
}

func TestPullThatIsRefusedNamesTheImages(t *testing.T) {
	first := realEngine(t)
	address := startRegistry(t, first)
	present, absent := address+"/box:1", address+"/other:9"
	publish(t, first, present)
	cases := []struct {
		name, password, image, want string
	}{
		{"wrong password", "wrong-password", present, present},
		{"no such image", registryPassword, absent, absent},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			e := logIn(t, address, c.password)
			s := newSite(t, e, "services: {a: {image: '"+c.image+"'}}")
			err := s.Pull(t.Context())
			if fault.CodeOf(err) != fault.Resumable || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v", err)
			}
			if strings.Contains(err.Error(), c.password) {
				t.Errorf("the error shows the password: %v", err)
			}
			if !strings.Contains(fault.HintOf(err), "docker load") {
				t.Errorf("got hint %q", fault.HintOf(err))
			}
		})
	}
}
