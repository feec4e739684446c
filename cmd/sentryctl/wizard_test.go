package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
)

// smallRelease is just what an install needs before its first change.
var smallRelease = map[string]string{
	".env": "COMPOSE_PROJECT_NAME=sentry-demo\nCOMPOSE_PROFILES=feature-complete\nSENTRY_EVENT_RETENTION_DAYS=90\n" +
		"SENTRY_BIND=9000\nSENTRY_IMAGE=example/sentry:25.10.0\n",
	"docker-compose.yml": "services:\n  web:\n    image: $SENTRY_IMAGE\n  nginx:\n    image: nginx\n    ports: [\"$SENTRY_BIND:80/tcp\"]\n" +
		"  replay:\n    image: $SENTRY_IMAGE\n    profiles: [feature-complete]\n",
	"sentry/config.example.yml":     "# system.url-prefix: ''\nmail.host: 'smtp'\n",
	"sentry/sentry.conf.example.py": "SENTRY_WEB_OPTIONS = {}\n",
}

func writeTree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// onTerminal runs sentryctl on a pseudo-terminal, types the keys when text
// first appears, and returns what was shown and the exit code.
func onTerminal(t *testing.T, env []string, when, keys string, args ...string) (string, int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, link(t, self), args...) // see TestMain
	cmd.Env = append([]string{"DOCKER_HOST=" + smallEngine(t), "HTTPS_PROXY=http://127.0.0.1:1", "TMPDIR=" + t.TempDir(), "HOME=" + t.TempDir()}, env...)
	f, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		t.Skipf("no pseudo-terminal here: %v", err)
	}
	defer f.Close()
	var seen bytes.Buffer
	for buf, typed := make([]byte, 1<<14), false; ; {
		n, err := f.Read(buf)
		seen.Write(buf[:n])
		if !typed && strings.Contains(seen.String(), when) {
			typed = true
			if _, err := io.WriteString(f, keys); err != nil {
				t.Fatal(err)
			}
		}
		if err != nil { // the process has closed its end
			break
		}
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return seen.String(), cmd.ProcessState.ExitCode()
}

func link(t *testing.T, self string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sentryctl")
	if err := os.Symlink(self, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// smallEngine says of itself what the wizard asks, and that it is too small.
func smallEngine(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("API-Version", "1.41")
		w.Header().Set("Content-Type", "application/json")
		switch path := r.URL.Path; {
		case strings.HasSuffix(path, "/_ping"):
			io.WriteString(w, "OK")
		case strings.HasSuffix(path, "/version"):
			io.WriteString(w, `{"Version":"20.10.24","ApiVersion":"1.41","MinAPIVersion":"1.12"}`)
		case strings.HasSuffix(path, "/info"):
			io.WriteString(w, `{"NCPU":1,"MemTotal":1000000000,"OSType":"linux","Architecture":"x86_64","ServerVersion":"20.10.24","DockerRootDir":"/nonexistent"}`)
		default:
			w.WriteHeader(http.StatusNotFound)
			io.WriteString(w, `{"message":"not there"}`)
		}
	}))
	t.Cleanup(server.Close)
	return "tcp://" + strings.TrimPrefix(server.URL, "http://")
}

const altScreen = "\x1b[?1049h"

func TestWizardBeforeAnInstall(t *testing.T) {
	release := writeTree(t, smallRelease)
	cases := []struct {
		name, when, keys string
		env, args        []string
		code             int
		want             []string
	}{
		{"Ctrl-C leaves", altScreen, "\r\x03", []string{"TERM=xterm-256color"}, nil, 130, []string{"left the wizard; nothing was changed"}},
		{"no leaves", "Questions:", strings.Repeat("\n", 9) + "3\n", []string{"TERM=dumb"}, nil, 130, nil},
		{"a machine that is not fit keeps the answers", altScreen, strings.Repeat("\r", 12), []string{"TERM=xterm-256color"}, nil, 4, []string{"--answers "}},
		{"line by line where the terminal is dumb", "Questions:", strings.Repeat("\n", 12), []string{"TERM=dumb"}, nil, 4, []string{"Page 1 of", "of memory is too little for this", "Changes to files", "--answers "}},
		{"line by line on request", "Questions:", "<\n\x03", []string{"TERM=xterm"}, []string{"--accessible"}, 130, []string{"Page 1 of"}},
		{"--yes asks nothing", "\x00", "", []string{"TERM=xterm"}, []string{"--yes"}, 4, nil},
		{"plain output asks nothing", "\x00", "", []string{"TERM=xterm"}, []string{"--output", "plain"}, 4, nil},
		{"without an Engine nothing is asked", "\x00", "", []string{"TERM=xterm", "DOCKER_HOST=unix:///nonexistent/docker.sock"}, nil, 12, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "site")
			shown, code := onTerminal(t, c.env, c.when, c.keys, append([]string{"install", "--site", dir, "--source", release}, c.args...)...)
			if code != c.code {
				t.Errorf("exit code %d, want %d:\n%s", code, c.code, shown)
			}
			for _, want := range c.want {
				if !strings.Contains(shown, want) {
					t.Errorf("%q was not shown:\n%s", want, shown)
				}
			}
			if exists(dir) {
				t.Error("something was written")
			}
		})
	}
}
