// Package pgtest starts a real PostgreSQL for a test, on a socket in a folder
// of its own.
package pgtest

import (
	"context"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
	"github.com/sentryctl/sentryctl/lab/standin/sentry/conf"
)

// Start returns a database server that ends with the test. It skips the test
// where no PostgreSQL is installed.
func Start(t *testing.T) conf.Database {
	t.Helper()
	initdb := program("initdb")
	if initdb == "" {
		t.Skipf("PostgreSQL is not installed: initdb is neither in PATH nor below /usr/lib/postgresql")
	}
	who := identity(t)
	dir, err := os.MkdirTemp("", "pg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if who != nil {
		if err := os.Chown(dir, int(who.Uid), int(who.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	data := filepath.Join(dir, "data")
	run := func(name string, args ...string) *exec.Cmd {
		c := exec.Command(name, args...)
		c.Dir = dir
		c.Env = append(os.Environ(), "LC_ALL=C")
		c.SysProcAttr = &syscall.SysProcAttr{Credential: who}
		return c
	}
	if out, err := run(initdb, "-N", "-A", "trust", "-U", "postgres", "-E", "UTF8", "-D", data).CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	server := run(filepath.Join(filepath.Dir(initdb), "postgres"), "-D", data, "-k", dir, "-F",
		"-c", "listen_addresses=", "-c", "shared_buffers=16MB", "-c", "max_connections=20")
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Process.Signal(syscall.SIGINT) //nolint:errcheck // waited for below
		server.Wait()                         //nolint:errcheck // ended by a signal
	})
	waitFor(t, filepath.Join(dir, ".s.PGSQL.5432"))
	return conf.Database{Host: dir, Port: "5432", Name: "postgres", User: "postgres"}
}

func program(name string) string {
	if found, err := exec.LookPath(name); err == nil {
		if found, err = filepath.EvalSymlinks(found); err == nil {
			return found
		}
	}
	all, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err != nil || len(all) == 0 {
		return ""
	}
	return all[len(all)-1]
}

// identity is who the server runs as when the test is root, which PostgreSQL
// refuses to be.
func identity(t *testing.T) *syscall.Credential {
	t.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		}
	}
	t.Skipf("the test is root, and there is neither a user postgres nor nobody to run PostgreSQL as")
	return nil
}

func waitFor(t *testing.T, path string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	p := &proc.Proc{Role: "test", Stderr: t.Output()}
	err := proc.Retry(ctx, p, "postgres", func(context.Context) error {
		_, err := os.Stat(path)
		return err
	})
	if err != nil {
		t.Fatalf("PostgreSQL did not start: %v", err)
	}
}
