package stack

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/moby/client"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/workload"
)

const builtServices = `
services:
  app:
    image: ${COMPOSE_PROJECT_NAME}-app
    build: {context: ./app, args: {TEXT: one}}
  worker:
    image: ${COMPOSE_PROJECT_NAME}-app
  job:
    image: ${COMPOSE_PROJECT_NAME}-job
    build: {context: ./job, args: {BASE: "${COMPOSE_PROJECT_NAME}-app"}}
`

func builtSite(t *testing.T, e *Engine) *site {
	t.Helper()
	s := newSite(t, e, "services: {none: {image: "+boxImage+"}}")
	name := s.project.Name()
	write(t, filepath.Join(s.dir, "docker-compose.yml"), "name: "+name+builtServices)
	write(t, filepath.Join(s.dir, "app/Dockerfile"), "FROM "+boxImage+"\nARG TEXT\nLABEL text=$TEXT\nCOPY conf /conf\n")
	write(t, filepath.Join(s.dir, "app/conf"), "first")
	write(t, filepath.Join(s.dir, "app/.dockerignore"), "notes\n")
	write(t, filepath.Join(s.dir, "job/Dockerfile"), "ARG BASE=none\nFROM ${BASE}\nCOPY extra /extra\n")
	write(t, filepath.Join(s.dir, "job/extra"), "x")
	s.load(t, e)
	t.Cleanup(func() { removeBuilt(t, e, name+"-job", name+"-app") })
	return s
}

// removeBuilt removes images and what earlier builds of them left behind.
func removeBuilt(t *testing.T, e *Engine, refs ...string) {
	ctx := context.WithoutCancel(t.Context())
	for _, ref := range refs {
		// A test that failed early has not built it.
		_, _ = e.api.ImageRemove(ctx, ref, client.ImageRemoveOptions{Force: true, PruneChildren: true})
	}
	old, err := e.api.ImageList(ctx, client.ImageListOptions{Filters: make(client.Filters).Add("dangling", "true").Add("label", inputsLabel).Add("label", "text=one")})
	if err != nil {
		t.Error(err)
	}
	for _, image := range old.Items {
		_, _ = e.api.ImageRemove(ctx, image.ID, client.ImageRemoveOptions{Force: true, PruneChildren: true})
	}
}

func TestBuild(t *testing.T) {
	e := realEngine(t)
	s := builtSite(t, e)
	name := s.project.Name()
	present := func(want bool) {
		t.Helper()
		got, err := s.BuiltImagesPresent(t.Context())
		if err != nil || got != want {
			t.Fatalf("built images present: got %v, %v, want %v", got, err, want)
		}
	}
	if missing, err := s.MissingImages(t.Context()); err != nil || len(missing) > 0 {
		t.Fatalf("missing images: %v, %v", missing, err)
	}
	present(false)
	if err := s.Build(t.Context()); err != nil {
		t.Fatal(err)
	}
	present(true)
	write(t, filepath.Join(s.dir, "app/notes"), "ignored")
	present(true)
	write(t, filepath.Join(s.dir, "app/conf"), "second")
	present(false)
	if err := s.Build(t.Context()); err != nil {
		t.Fatal(err)
	}
	present(true)
	data, err := s.ReadImageFile(t.Context(), name+"-job", "conf")
	if err != nil || string(data) != "second" {
		t.Errorf("the image built from the other one holds %q, %v", data, err)
	}
	if !strings.Contains(s.told.logged(), name+"-app: Step 1/5") {
		t.Errorf("log:\n%s", s.told.logged())
	}
	write(t, filepath.Join(s.dir, "job/Dockerfile"), "FROM "+name+"-app\nCOPY absent /\n")
	err = s.Build(t.Context())
	if fault.CodeOf(err) != fault.Resumable || !strings.Contains(err.Error(), "build "+name+"-job") {
		t.Errorf("a build that fails: %v", err)
	}
}

func TestPullTellsEveryImageThatCannotBePulled(t *testing.T) {
	e := realEngine(t)
	// Port 1 of the loopback answers nobody.
	s := newSite(t, e, "services: {a: {image: 'localhost:1/a:1'}, b: {image: 'localhost:1/b:2', pull_policy: always}, c: {image: "+boxImage+", pull_policy: always}}")
	missing, err := s.MissingImages(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"localhost:1/a:1", "localhost:1/b:2"}, missing); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
	err = s.Pull(t.Context())
	if fault.CodeOf(err) != fault.Resumable || !strings.Contains(fault.HintOf(err), "docker load") {
		t.Errorf("code %d, hint %q", fault.CodeOf(err), fault.HintOf(err))
	}
	for _, ref := range missing {
		if !strings.Contains(err.Error(), ref+": ") {
			t.Errorf("%v does not tell %s", err, ref)
		}
	}
}

func TestVolumesAndTheirFiles(t *testing.T) {
	e := realEngine(t)
	s := newSite(t, e, "services: {none: {image: "+boxImage+"}}")
	volume := s.project.Name() + "-outside"
	write(t, filepath.Join(s.dir, "docker-compose.yml"), "name: "+s.project.Name()+
		"\nservices: {one: {image: "+boxImage+", volumes: ['data:/data']}}\nvolumes: {data: {external: true, name: "+volume+"}}")
	s.load(t, e)

	if _, err := s.ReadVolumeFile(t.Context(), volume, "file"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("read from an absent volume: %v", err)
	}
	if missing, err := s.MissingVolumes(t.Context()); err != nil || !cmp.Equal(missing, []string{volume}) {
		t.Errorf("missing: %v, %v; reading must not make a volume", missing, err)
	}
	created, err := s.EnsureVolumes(t.Context())
	if err != nil || !cmp.Equal(created, []string{volume}) {
		t.Fatalf("created: %v, %v", created, err)
	}
	if created, err := s.EnsureVolumes(t.Context()); err != nil || len(created) > 0 {
		t.Errorf("created again: %v, %v", created, err)
	}
	if _, err := s.ReadVolumeFile(t.Context(), volume, "file"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("read an absent file: %v", err)
	}
	if _, err := s.RunHelper(t.Context(), workload.Helper{Name: "write", Args: []string{"write", "/there/file", "text"}, Mounts: []workload.Mount{{Volume: volume, Path: "/there"}}}); err != nil {
		t.Fatal(err)
	}
	if data, err := s.ReadVolumeFile(t.Context(), volume, "file"); err != nil || string(data) != "text" {
		t.Errorf("read %q, %v", data, err)
	}
}

func TestRunHelper(t *testing.T) {
	e := realEngine(t)
	out, err := e.RunHelper(t.Context(), workload.Helper{Args: []string{"cat"}, Env: []string{"BOX=helper"}, Stdin: []byte("in")})
	if err != nil || string(out) != "env helper\nin" {
		t.Errorf("got %q, %v", out, err)
	}
	_, err = e.RunHelper(t.Context(), workload.Helper{Args: []string{"exit", "3", "no such bucket"}})
	if err == nil || !strings.Contains(err.Error(), "no such bucket") {
		t.Errorf("got %v", err)
	}
	_, err = e.RunHelper(t.Context(), workload.Helper{Args: []string{"cat"}, Nofile: 1 << 40})
	if !errors.Is(err, ErrNofileRefused) {
		t.Errorf("a limit that nobody can grant: %v", err)
	}
	_, err = e.RunHelper(t.Context(), workload.Helper{Args: []string{"cat"}, Mounts: []workload.Mount{{Volume: "sentryctl-test-absent", Path: "/x"}}})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an absent volume: %v", err)
	}
}

func TestSettled(t *testing.T) {
	e := realEngine(t)
	s := newSite(t, e, threeServices)
	conf := filepath.Join(s.dir, "store.conf")
	write(t, conf, "one")
	settled := func(want bool, why string, services ...string) {
		t.Helper()
		got, err := s.Settled(t.Context(), services...)
		if err != nil || got != want {
			t.Errorf("%s: settled %v, %v, want %v", why, got, err, want)
		}
	}
	settled(false, "nothing started")
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	settled(true, "just started")
	before := ids(t, s)

	write(t, conf, "two")
	settled(false, "a mounted file changed")
	settled(true, "a service without that file", "web")
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	settled(true, "started again")
	after := ids(t, s)
	if before["store"] == after["store"] || before["web"] != after["web"] {
		t.Error("the start after a changed file must restart store and nothing else")
	}

	write(t, filepath.Join(s.dir, "docker-compose.override.yml"), "services: {other: {environment: {NEW: x}}}")
	s.load(t, e)
	settled(false, "other configuration")
	if err := s.Start(t.Context(), "other"); err != nil {
		t.Fatal(err)
	}
	if err := s.Stop(t.Context(), "other"); err != nil {
		t.Fatal(err)
	}
	settled(false, "stopped", "other")
}

func TestTransient(t *testing.T) {
	cases := map[string]bool{
		"net/http: TLS handshake timeout":                true,
		"received unexpected HTTP status: 503":           true,
		"toomanyrequests: rate limit":                    true,
		"manifest for x:1 not found: manifest unknown":   false,
		"pull access denied for x":                       false,
		"dial tcp: lookup registry: no such host":        false,
		"write /var/lib/docker: no space left on device": false,
	}
	for text, want := range cases {
		if got := transient(errors.New(text)); got != want {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
}

func TestBackoff(t *testing.T) {
	got := []time.Duration{backoff(1), backoff(2), backoff(3)}
	want := []time.Duration{500 * time.Millisecond, 1500 * time.Millisecond, 4500 * time.Millisecond}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
