package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sentryctl/sentryctl/lab/labtest"
)

// A hop to another major version of PostgreSQL writes the data anew beside the
// old. Killed in its middle, it leads back past what still reads the data, or goes
// on with what was written since. When it is done it leads back, too.
func TestPostgreSQLIsWrittenAnew(t *testing.T) {
	labtest.Long(t)
	const from, to = "23.6.2", "23.11.0"
	b := before{Site: labtest.NewSite(t), releases: t.TempDir()}
	oldPostgres(t, b.Site)
	tree := b.Release(from)
	replace(t, filepath.Join(tree, "docker-compose.yml"), "sentryctl-lab/postgres:14.5", "sentryctl-lab/postgres:9.6")
	sentryctl(t, b.Site, install(b.Site, tree, from)...).exits(0)
	found, err := b.Probe().Event(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	selected(t, b.Site, "CREATE ROLE reporter LOGIN PASSWORD 'vermilion-9131'")
	selected(t, b.Site, "CREATE TABLE own (id serial PRIMARY KEY, v text); INSERT INTO own (v) SELECT repeat('x', i) FROM generate_series(1, 500) i")
	b.event, b.names = found, names(t, b.Site)
	if err := os.Rename(b.Release(to), filepath.Join(b.releases, to)); err != nil {
		t.Fatal(err)
	}
	version := func(want string) {
		t.Helper()
		got := strings.Join(docker(t, b.Site, "run", "--rm", "-v", b.Prefix+"-postgres:/d", "--entrypoint", "cat", "sentryctl-lab/postgres:14.5", "/d/PG_VERSION"), "")
		if (got == "9.6") != (want == "9.6") {
			t.Errorf("the data is of PostgreSQL %s, want %s", got, want)
		}
		if got := selected(t, b.Site, "SELECT count(*), sum(length(v)), nextval('own_id_seq') > 500 FROM own"); got != "500|125250|t" {
			t.Errorf("got %q of the admin's own table", got)
		}
		if left := docker(t, b.Site, "volume", "ls", "-q", "--filter", "name="+b.Prefix+"-postgres-beside"); len(left) > 0 && left[0] != "" {
			t.Errorf("left behind: %v", left)
		}
	}

	meanwhile := func() {
		t.Helper()
		if got := selected(t, b.Site, "SELECT count(*) FROM meanwhile"); got != "0" {
			t.Errorf("what was written between the kill and resume is lost: got %q", got)
		}
	}
	cut := func(kind, id string) {
		t.Helper()
		p := start(t, b.Site, "upgrade", "--site", b.Dir, "--to", to, "--releases", b.releases, "--yes")
		p.until(kind+" of "+id, func(l said) bool { return l.Type == kind && l.ID == id })
		p.signal(syscall.SIGKILL)
		p.wait()
	}
	cut("step_started", "write-postgres")
	docker(t, b.Site, "run", "-d", "--name", b.Prefix+"-reads", "--label", "com.docker.compose.project="+b.Prefix, "--label", "com.docker.compose.oneoff=True",
		"-v", b.Prefix+"-postgres-beside:/beside", "--entrypoint", "sleep", "sentryctl-lab/postgres:14.5", "3600") // as the kill may leave one
	sentryctl(t, b.Site, "rollback", "--site", b.Dir, "--yes").exits(0)
	b.serves(t, from)
	version("9.6")
	cut("step_done", "checkpoint")
	docker(t, b.Site, "start", b.Prefix+"-postgres-1") // an admin wants the site back
	docker(t, b.Site, "exec", b.Prefix+"-postgres-1", "sh", "-c", "until pg_isready -q; do :; done")
	selected(t, b.Site, "CREATE TABLE meanwhile (id int)")
	sentryctl(t, b.Site, "resume", "--site", b.Dir).exits(0)
	b.serves(t, to)
	version("later")
	meanwhile()
	if got := selected(t, b.Site, "SELECT rolpassword LIKE 'SCRAM%' OR rolpassword LIKE 'md5%' FROM pg_authid WHERE rolname = 'reporter'"); got != "t" {
		t.Errorf("the role's password: got %q", got)
	}
	hush(t, b.Dir, "vermilion-9131", "SCRAM-SHA-256$")

	sentryctl(t, b.Site, "rollback", "--site", b.Dir, "--yes").exits(0)
	b.serves(t, from)
	version("9.6")
	meanwhile()
}

// oldPostgres makes the image that claims to be PostgreSQL 9.6.
func oldPostgres(t *testing.T, s *labtest.Site) {
	t.Helper()
	id := strings.Join(docker(t, s, "create", "sentryctl-lab/postgres:14.5"), "")
	docker(t, s, "commit", "--change", "ENV STANDIN_POSTGRES_VERSION=9.6", id, "sentryctl-lab/postgres:9.6")
	docker(t, s, "rm", id)
}

func replace(t *testing.T, path, old, fresh string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(data, []byte(old)) {
		t.Fatalf("%s does not hold %q", path, old)
	}
	if err := os.WriteFile(path, bytes.ReplaceAll(data, []byte(old), []byte(fresh)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// hush finds secrets in what sentryctl has written down.
func hush(t *testing.T, site string, secrets ...string) {
	t.Helper()
	for _, pattern := range []string{"runs/*", "upgrade/*.log", "upgrade/*.json"} {
		files, err := filepath.Glob(filepath.Join(site, ".sentryctl", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			data, err := os.ReadFile(f)
			if err != nil {
				continue
			}
			for _, secret := range secrets {
				if bytes.Contains(data, []byte(secret)) {
					t.Errorf("%s holds a secret", f)
				}
			}
		}
	}
}
