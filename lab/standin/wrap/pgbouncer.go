package wrap

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

// PgBouncer is pgbouncer with a configuration made of the environment, where
// DB_HOST is set, as the image that upstream uses does; else with the one in
// /etc/pgbouncer.
func PgBouncer(_ context.Context, p *proc.Proc) error {
	if otherProgram(p.Args, ".ini") {
		return proc.Become(p.Args...)
	}
	users := []string{"postgres", "pgbouncer", "nobody"}
	conf := "/etc/pgbouncer/pgbouncer.ini"
	if p.Getenv("DB_HOST") != "" {
		dir := filepath.Join(os.TempDir(), "pgbouncer")
		if err := writePgBouncer(p, dir, users); err != nil {
			return err
		}
		conf = filepath.Join(dir, "pgbouncer.ini")
	}
	return proc.BecomeAs(users, "pgbouncer", conf)
}

func writePgBouncer(p *proc.Proc, dir string, users []string) error {
	u := proc.FindUser(users...)
	if err := proc.OwnDir(dir, u, 0o700); err != nil {
		return err
	}
	files := map[string]string{
		"userlist.txt":  fmt.Sprintf("\"%s\" \"%s\"\n", quoteTwice(p.Env("DB_USER", "postgres")), quoteTwice(p.Getenv("DB_PASSWORD"))),
		"pgbouncer.ini": pgBouncerConf(p.Env, filepath.Join(dir, "userlist.txt")),
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
		if u == nil || os.Getuid() != 0 {
			continue
		}
		uid, gid, err := proc.IDs(u)
		if err != nil {
			return err
		}
		if err := os.Chown(path, uid, gid); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return nil
}

func quoteTwice(s string) string { return strings.ReplaceAll(s, `"`, `""`) }

// pgBouncerConf is the configuration; get is an environment with defaults.
func pgBouncerConf(get func(name, def string) string, userlist string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[databases]\n%s = host=%s port=%s auth_user=%s\n\n[pgbouncer]\n",
		get("DB_NAME", "*"), get("DB_HOST", ""), get("DB_PORT", "5432"), get("DB_USER", "postgres"))
	fixed := [][2]string{
		{"listen_addr", "0.0.0.0"}, {"unix_socket_dir", ""}, {"auth_file", userlist},
		{"listen_port", get("LISTEN_PORT", "5432")}, {"auth_type", get("AUTH_TYPE", "md5")},
		{"ignore_startup_parameters", get("IGNORE_STARTUP_PARAMETERS", "extra_float_digits")},
	}
	for _, f := range fixed {
		fmt.Fprintf(&b, "%s = %s\n", f[0], f[1])
	}
	for _, name := range []string{
		"POOL_MODE", "MAX_CLIENT_CONN", "DEFAULT_POOL_SIZE", "MIN_POOL_SIZE", "RESERVE_POOL_SIZE", "MAX_DB_CONNECTIONS", "ADMIN_USERS",
		"STATS_USERS", "SERVER_RESET_QUERY", "SERVER_IDLE_TIMEOUT", "QUERY_WAIT_TIMEOUT", "LOG_CONNECTIONS", "LOG_DISCONNECTIONS",
	} {
		if v := get(name, ""); v != "" {
			fmt.Fprintf(&b, "%s = %s\n", strings.ToLower(name), v)
		}
	}
	return b.String()
}
