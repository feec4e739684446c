package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAdoptUpstreamsTree makes a checkout by hand of upstream's own files, with
// edits, and plans an upgrade from it.
func TestAdoptUpstreamsTree(t *testing.T) {
	pristine := filepath.Join("..", "..", "..", "shared", "releases", "24.8.0")
	if !isDir(pristine) {
		t.Skipf("no upstream release trees at ../shared/releases")
	}
	t.Setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
	dir := filepath.Join(t.TempDir(), "self-hosted")
	if err := os.CopyFS(dir, os.DirFS(pristine)); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		".env.custom": "SENTRY_BIND=9999\n", "docker-compose.override.yml": "services:\n  web: {mem_limit: 4g}\n", "sentry/config.yml": "mail.from: me@example.com\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	said := func(want int, args ...string) string {
		var out, complaints bytes.Buffer
		if code := newApp(strings.NewReader(""), &out, &complaints).run(t.Context(), args); code != want {
			t.Fatalf("%v: exit code %d, want %d: %s", args, code, want, &complaints)
		}
		return out.String()
	}
	found := said(0, "adopt", "--site", dir, "--source", pristine)
	for _, want := range []string{"Adopted Sentry 24.8.0", "added      .env.custom, docker-compose.override.yml", "made       sentry/config.yml"} {
		if !strings.Contains(found, want) {
			t.Errorf("%q is not in:\n%s", want, found)
		}
	}
	if planned := said(0, "upgrade", "--plan", "--site", dir); !strings.Contains(planned, "1. 24.8.0 -> 25.5.1  (hard stop)") {
		t.Errorf("got the plan:\n%s", planned)
	}
}
