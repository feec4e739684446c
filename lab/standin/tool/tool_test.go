package tool

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

func call(t *testing.T, what proc.Run, stdin string, env map[string]string, args ...string) (string, int) {
	t.Helper()
	var out bytes.Buffer
	err := what(t.Context(), &proc.Proc{Args: args, Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &out, Getenv: func(n string) string { return env[n] }})
	return out.String(), proc.Code(t.Context(), err)
}

// listen answers each connection with the function until the test ends.
func listen(t *testing.T, handle func(net.Conn)) (host, port string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go handle(conn)
		}
	}()
	host, port, err = net.SplitHostPort(ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return host, port
}

func TestNetcat(t *testing.T) {
	host, port := listen(t, func(conn net.Conn) {
		word := make([]byte, 5)
		if _, err := io.ReadFull(conn, word); err == nil {
			fmt.Fprintf(conn, "STAT %s\nEND\n", word) // and leaves the connection open, as memcached does
		}
	})
	if out, code := call(t, Netcat, "stats\n", nil, host, port); code != 0 || out != "STAT stats\nEND\n" {
		t.Errorf("stats: %q, exit %d", out, code)
	}
	if _, code := call(t, Netcat, "stats", nil, "-w", "2", "-q", "2", host, port); code != 0 {
		t.Errorf("with upstream's flags: exit %d", code)
	}
	if _, code := call(t, Netcat, "", nil, "-z", host, port); code != 0 {
		t.Errorf("-z: exit %d", code)
	}
	if _, code := call(t, Netcat, "", nil, "-z", host, "1"); code != 1 {
		t.Errorf("-z on a closed port: exit %d, want 1", code)
	}
}

func TestPython(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.Path[1:]) }))
	defer srv.Close()
	health := filepath.Join(t.TempDir(), "health.txt")
	script := filepath.Join(t.TempDir(), "api_healthcheck.py")
	if err := os.WriteFile(script, []byte("URL = environ.get('X') or 'http://127.0.0.1:1/health'\nbody = urllib.request.urlopen(URL)\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	heartbeat := "import os, sys\ntry:\n    os.remove('" + health + "')\nexcept FileNotFoundError:\n    sys.exit(1)\n"
	if _, code := call(t, Python, "", nil, "-c", heartbeat); code != 1 {
		t.Errorf("missing heartbeat: exit %d, want 1", code)
	}
	if err := os.WriteFile(health, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, code := call(t, Python, "", nil, "-c", heartbeat); code != 0 {
		t.Errorf("heartbeat: exit %d", code)
	}
	if _, err := os.Stat(health); !os.IsNotExist(err) {
		t.Error("the health file is still there")
	}
	for path, want := range map[string]int{"/ok": 0, "/down": 1} {
		if _, code := call(t, Python, "", map[string]string{"SNUBA_API_HEALTHCHECK_URL": srv.URL + path}, script); code != want {
			t.Errorf("%s: exit %d, want %d", path, code, want)
		}
	}
	if _, code := call(t, Python, "", nil, script); code != 1 {
		t.Errorf("nobody listens: exit %d, want 1", code)
	}
	if _, code := call(t, Python, "print(1)", nil); code != 1 {
		t.Errorf("another program: exit %d, want 1", code)
	}
}
