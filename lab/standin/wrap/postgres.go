package wrap

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

const pgData = "/var/lib/postgresql/data"

// Postgres is postgres on $PGDATA, which is initialised first when it is
// empty.
func Postgres(ctx context.Context, p *proc.Proc) error {
	if otherProgram(p.Args, "") {
		return proc.Become(p.Args...)
	}
	c := cluster{dir: p.Env("PGDATA", pgData), owner: proc.FindUser("postgres")}
	if os.Getuid() != 0 {
		c.owner = nil
	}
	server := append([]string{program("postgres")}, p.Args...)
	if done, err := c.playEra(p); done || err != nil {
		return err
	}
	if slices.Contains(p.Args, "--version") || slices.Contains(p.Args, "-V") || slices.Contains(p.Args, "--help") {
		return proc.Become(server...)
	}
	if err := c.ensure(ctx, p); err != nil {
		return err
	}
	if err := c.showEra(); err != nil {
		return err
	}
	if err := proc.OwnDir("/var/run/postgresql", c.owner, 0o755); err != nil {
		return err
	}
	if err := os.Setenv("PGDATA", c.dir); err != nil {
		return err
	}
	return proc.BecomeAs([]string{"postgres"}, server...)
}

// program is where the distribution keeps PostgreSQL's programs.
func program(name string) string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if len(found) == 0 {
		return name
	}
	return found[len(found)-1]
}

// cluster is a PostgreSQL data directory.
type cluster struct {
	dir   string
	owner *user.User // nil: whoever runs this
	shown string     // where an old era shows its PG_VERSION, "" for none
}

// unfinished is where a cluster is made before it is moved into place, so
// that a container killed meanwhile begins anew instead of half way.
const unfinished = ".initialising"

func (c cluster) ensure(ctx context.Context, p *proc.Proc) error {
	if err := proc.OwnDir(c.dir, c.owner, 0o700); err != nil {
		return err
	}
	if err := os.Chmod(c.dir, 0o700); err != nil {
		return fmt.Errorf("protect %s: %w", c.dir, err)
	}
	if _, err := os.Stat(filepath.Join(c.dir, "PG_VERSION")); err == nil {
		return nil
	}
	if err := c.clear(); err != nil {
		return err
	}
	part := filepath.Join(c.dir, unfinished)
	if err := proc.OwnDir(part, c.owner, 0o700); err != nil {
		return err
	}
	if err := c.initialise(ctx, p, part); err != nil {
		return err
	}
	return c.moveUp(part)
}

// clear removes what an interrupted start has left; anything else is not ours.
func (c cluster) clear() error {
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return fmt.Errorf("read %s: %w", c.dir, err)
	}
	ours := slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.Name() == unfinished })
	for _, e := range entries {
		if e.Name() == "lost+found" {
			continue
		}
		if !ours {
			return fmt.Errorf("%s has no PG_VERSION but is not empty: %s", c.dir, e.Name())
		}
		// The mark goes last.
		if e.Name() != unfinished {
			if err := os.RemoveAll(filepath.Join(c.dir, e.Name())); err != nil {
				return fmt.Errorf("clear %s: %w", c.dir, err)
			}
		}
	}
	return os.RemoveAll(filepath.Join(c.dir, unfinished))
}

func (c cluster) initialise(ctx context.Context, p *proc.Proc, dir string) error {
	superuser, password := p.Env("POSTGRES_USER", "postgres"), p.Getenv("POSTGRES_PASSWORD")
	method := p.Env("POSTGRES_HOST_AUTH_METHOD", "scram-sha-256")
	if password == "" && method != "trust" {
		return proc.Exit(1, "Error: Database is uninitialized and superuser password is not specified: set POSTGRES_PASSWORD or POSTGRES_HOST_AUTH_METHOD=trust")
	}
	args := []string{"-D", dir, "--username=" + superuser, "--encoding=UTF8", "--locale=C.UTF-8", "--auth-local=trust", "--auth-host=trust", "--no-sync"}
	if err := c.run(ctx, p, "", program("initdb"), args...); err != nil {
		return fmt.Errorf("initdb: %w", err)
	}
	if err := appendTo(filepath.Join(dir, "postgresql.conf"), "listen_addresses = '*'\n"); err != nil {
		return err
	}
	if err := appendTo(filepath.Join(dir, "pg_hba.conf"), "host all all all "+method+"\n"); err != nil {
		return err
	}
	var sql strings.Builder
	if db := p.Env("POSTGRES_DB", superuser); db != "postgres" {
		fmt.Fprintf(&sql, "CREATE DATABASE \"%s\";\n", quoteTwice(db))
	}
	if password != "" {
		fmt.Fprintf(&sql, "ALTER USER \"%s\" PASSWORD '%s';\n", quoteTwice(superuser), strings.ReplaceAll(password, "'", "''"))
	}
	if sql.Len() > 0 {
		if err := c.run(ctx, p, sql.String(), program("postgres"), "--single", "-D", dir, "-F", "postgres"); err != nil {
			return fmt.Errorf("first statements: %w", err)
		}
	}
	return c.scripts(ctx, p, dir)
}

// scripts runs /docker-entrypoint-initdb.d/*.sh, as the official image does.
func (c cluster) scripts(ctx context.Context, p *proc.Proc, dir string) error {
	files, err := filepath.Glob("/docker-entrypoint-initdb.d/*.sh")
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := c.run(ctx, p, "", "env", "PGDATA="+dir, "bash", f); err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(f), err)
		}
	}
	return nil
}

// run runs a program as the cluster's owner. What it says is shown only when
// it fails.
func (c cluster) run(ctx context.Context, p *proc.Proc, stdin, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Dir = "/"
	if c.owner != nil {
		uid, gid, err := proc.IDs(c.owner)
		if err != nil {
			return err
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		fmt.Fprintf(p.Stderr, "%s\n", out)
	}
	return err
}

// moveUp moves the cluster into place, PG_VERSION last.
func (c cluster) moveUp(part string) error {
	entries, err := os.ReadDir(part)
	if err != nil {
		return fmt.Errorf("move the cluster: %w", err)
	}
	last := func(e os.DirEntry) bool { return e.Name() == "PG_VERSION" }
	slices.SortStableFunc(entries, func(a, b os.DirEntry) int {
		switch {
		case last(a):
			return 1
		case last(b):
			return -1
		}
		return 0
	})
	for _, e := range entries {
		if err := os.Rename(filepath.Join(part, e.Name()), filepath.Join(c.dir, e.Name())); err != nil {
			return fmt.Errorf("move the cluster: %w", err)
		}
	}
	return os.Remove(part)
}

func appendTo(path, text string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("configure: %w", err)
	}
	_, err = f.WriteString(text)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("configure: %w", err)
	}
	return nil
}
