package wrap

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

func TestCommandLines(t *testing.T) {
	cases := map[string]struct {
		got  []string
		want string
	}{
		"redis alone":         {redisArgs(nil), "redis-server --protected-mode no --dir /data"},
		"valkey with a file":  {redisArgs([]string{"/usr/local/etc/redis/redis.conf"}), "redis-server /usr/local/etc/redis/redis.conf --protected-mode no --dir /data"},
		"redis with flags":    {redisArgs([]string{"--save", "60", "1"}), "redis-server --protected-mode no --dir /data --save 60 1"},
		"nginx alone":         {nginxArgs(nil, false), "nginx -g daemon off;"},
		"nginx, another file": {nginxArgs(nil, true), "nginx -c /etc/nginx.conf -g daemon off;"},
		"nginx checks":        {nginxArgs([]string{"-t"}, false), "nginx -t"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := strings.Join(c.got, " "); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestPgBouncerConfOfUpstream(t *testing.T) {
	env := map[string]string{"DB_USER": "postgres", "DB_HOST": "postgres", "DB_NAME": "postgres", "AUTH_TYPE": "trust",
		"POOL_MODE": "transaction", "ADMIN_USERS": "postgres,sentry", "MAX_CLIENT_CONN": "10000"}
	p := &proc.Proc{Getenv: func(name string) string { return env[name] }}
	want := `[databases]
postgres = host=postgres port=5432 auth_user=postgres

[pgbouncer]
listen_addr = 0.0.0.0
unix_socket_dir = 
auth_file = /users
listen_port = 5432
auth_type = trust
ignore_startup_parameters = extra_float_digits
pool_mode = transaction
max_client_conn = 10000
admin_users = postgres,sentry
`
	if diff := cmp.Diff(want, pgBouncerConf(p.Env, "/users")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAnInterruptedInitialisationBeginsAnew(t *testing.T) {
	if _, err := os.Stat(program("initdb")); err != nil {
		t.Skipf("PostgreSQL is not installed: %v", err)
	}
	root := t.TempDir()
	// The user postgres must get in.
	for _, dir := range []string{root, filepath.Dir(root)} {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	c := cluster{dir: filepath.Join(root, "data"), owner: proc.FindUser("postgres")}
	if os.Getuid() != 0 {
		c.owner = nil
	}
	env := map[string]string{"POSTGRES_HOST_AUTH_METHOD": "trust", "POSTGRES_DB": "sentry"}
	var talk bytes.Buffer
	p := &proc.Proc{Stdout: &talk, Stderr: &talk, Getenv: func(name string) string { return env[name] }}
	for _, left := range []string{"base", unfinished} {
		if err := os.MkdirAll(filepath.Join(c.dir, left), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.ensure(t.Context(), p); err != nil {
		t.Fatalf("%v\n%s", err, talk.String())
	}
	version, err := os.ReadFile(filepath.Join(c.dir, "PG_VERSION"))
	if err != nil || len(version) == 0 {
		t.Errorf("PG_VERSION: %q %v", version, err)
	}
	hba, err := os.ReadFile(filepath.Join(c.dir, "pg_hba.conf"))
	if err != nil || !strings.HasSuffix(string(hba), "\nhost all all all trust\n") {
		t.Errorf("pg_hba.conf ends %q %v", hba[max(0, len(hba)-40):], err)
	}
	if _, err := os.Stat(filepath.Join(c.dir, unfinished)); !os.IsNotExist(err) {
		t.Errorf("the unfinished cluster is still there: %v", err)
	}
	env["POSTGRES_HOST_AUTH_METHOD"] = "" // would be refused if it began anew
	if err := c.ensure(t.Context(), p); err != nil {
		t.Errorf("second start: %v", err)
	}
}

func TestAForeignDirectoryIsLeftAlone(t *testing.T) {
	c := cluster{dir: t.TempDir()}
	file := filepath.Join(c.dir, "precious")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := c.ensure(t.Context(), &proc.Proc{Getenv: func(string) string { return "" }}); err == nil {
		t.Error("a directory with other files was taken")
	}
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
}
