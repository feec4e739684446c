package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/lab/labtest"
)

// tables gives rows and checksum of every table in PostgreSQL, but for when
// Relay was last seen, which it writes at each start.
func tables(t *testing.T, s *labtest.Site) map[string]string {
	t.Helper()
	const sums = `SELECT schemaname || '.' || relname || '=' || regexp_replace(query_to_xml(format(
'SELECT count(*) AS n, md5(coalesce(string_agg(r, '','' ORDER BY r), '''')) AS sum FROM (SELECT (to_jsonb(t) - ''last_seen'')::text AS r FROM %I.%I t) x', schemaname, relname), false, true, '')::text, '\s+', '', 'g')
FROM pg_stat_user_tables ORDER BY 1`
	out := map[string]string{}
	for _, line := range query(t, s, sums) {
		name, sum, _ := strings.Cut(line, "=")
		out[name] = sum
	}
	if len(out) == 0 {
		t.Fatal("PostgreSQL has no tables")
	}
	return out
}

// postgresIsWell fails when PostgreSQL has anything to complain about since
// its start.
func postgresIsWell(t *testing.T, s *labtest.Site) {
	t.Helper()
	box := s.Prefix + "-postgres-1"
	started := docker(t, s, "inspect", "--format", "{{.State.StartedAt}}", box)
	log, err := s.Docker.Output(t.Context(), "logs", "--since", started[0], box)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(log) {
		bad := strings.Contains(line, "PANIC:") || strings.Contains(line, "FATAL:") || strings.Contains(line, "ERROR:") || strings.Contains(line, "WARNING:")
		if bad && !strings.Contains(line, "the database system is starting up") {
			t.Errorf("PostgreSQL says: %s", line)
		}
	}
}

// stored tells how many times ClickHouse has an event.
func stored(t *testing.T, s *labtest.Site, id string) string {
	t.Helper()
	return strings.Join(docker(t, s, "exec", s.Prefix+"-clickhouse-1", "clickhouse-client", "-q",
		"SELECT count() FROM default.errors_local WHERE event_id = '"+id+"'"), "")
}

// A restore into the site that the backup is of brings all tables back, and
// what came in since is read again from Kafka's log, once.
func TestRestoreIntoTheSameSite(t *testing.T) {
	labtest.Long(t)
	s, site := backedUp(t)
	home := s.Port
	first, err := s.Probe().Event(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sentryctl(t, s, append([]string{"backup", "create"}, site...)...).exits(0)
	before := tables(t, s)
	query(t, s, "DELETE FROM django_migrations")
	restore := append([]string{"restore", "--yes"}, site...)
	sentryctl(t, s, restore...).exits(0)
	if d := cmp.Diff(before, tables(t, s)); d != "" {
		t.Errorf("tables (-before +after):\n%s", d)
	}
	postgresIsWell(t, s)
	if past, err := os.ReadFile(filepath.Join(s.Dir, ".sentryctl", "history.jsonl")); err != nil || !strings.Contains(string(past), `"workflow":"restore"`) {
		t.Errorf("the interruption is not in the history: %v\n%s", err, past)
	}

	since, err := s.Probe().Event(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sentryctl(t, s, restore...).exits(0)
	if err := s.Probe().Find(t.Context(), since.ProjectID, since.ID); err != nil {
		t.Errorf("the event that came in after the backup: %v", err)
	}
	findEvent(t, s)
	for name, id := range map[string]string{"before": first.ID, "after": since.ID} {
		if n := stored(t, s, id); n != "1" {
			t.Errorf("the event that came in %s the backup is there %s times", name, n)
		}
	}
	noOffsetBeyondItsLog(t, s)

	t.Run("a volume", func(t *testing.T) { restoreOneVolume(t, s, restore) })
	t.Run("the configuration", func(t *testing.T) { restoreConfiguration(t, s, restore) })
	t.Run("another address", func(t *testing.T) { restoreElsewhere(t, s, restore) })
	t.Run("into a directory", func(t *testing.T) { restoreToDirectory(t, s, restore) })
	t.Run("keep old", func(t *testing.T) { restoreKeepsOld(t, s, restore) })
	t.Run("the directory alone is left", func(t *testing.T) {
		docker(t, s, append([]string{"rm", "-f"}, boxes(t, s, "False", "{{.ID}}")...)...)
		docker(t, s, append([]string{"volume", "rm"}, docker(t, s, "volume", "ls", "-q", "--filter", "name="+s.Prefix)...)...)
		sentryctl(t, s, append(restore, "--ignore", "cpu-count")...).exits(0)
		s.Port = home // as the backup says
		if n := stored(t, s, first.ID); n != "1" {
			t.Errorf("the event of the backup is there %s times", n)
		}
		findEvent(t, s)
		nothingLeft(t, s)
	})
}

// Only what is asked for comes back.
func restoreOneVolume(t *testing.T, s *labtest.Site, restore []string) {
	query(t, s, "DELETE FROM django_migrations")
	kept := append(docker(t, s, "exec", s.Prefix+"-redis-1", "redis-cli", "set", "only-here", "1"), "1")
	sentryctl(t, s, append(restore, "--volume", "sentry-postgres")...).exits(0)
	if n := query(t, s, "SELECT count(*) > 0 FROM django_migrations"); n[0] != "t" {
		t.Error("PostgreSQL is not back")
	}
	if got := docker(t, s, "exec", s.Prefix+"-redis-1", "redis-cli", "get", "only-here"); got[0] != kept[1] {
		t.Errorf("Redis was set back too: %v", got)
	}
}

func restoreConfiguration(t *testing.T, s *labtest.Site, restore []string) {
	path := filepath.Join(s.Dir, "sentry", "config.yml")
	good, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, append([]byte("# spoiled\n"), good...), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	sentryctl(t, s, append(restore, "--config-only")...).exits(0)
	if got, err := os.ReadFile(path); err != nil || string(got) != string(good) {
		t.Errorf("got %v\n%s", err, got)
	}
	if got := docker(t, s, "exec", s.Prefix+"-redis-1", "redis-cli", "get", "only-here"); got[0] != "1" {
		t.Errorf("Redis was set back too: %v", got)
	}
}

// The backup knows another address than the site is to have.
func restoreElsewhere(t *testing.T, s *labtest.Site, restore []string) {
	config, port := filepath.Join(s.Dir, "sentry", "config.yml"), labtest.FreePort(t)
	elsewhere := []string{"--config-only", "--url", "http://elsewhere.example", "--bind", fmt.Sprintf("127.0.0.1:%d", port)}
	sentryctl(t, s, append(restore, elsewhere...)...).exits(0)
	s.Port = port
	findEvent(t, s)
	sentryctl(t, s, append(restore, "--config-only", "--keep-host")...).exits(0)
	findEvent(t, s)
	if text, err := os.ReadFile(config); err != nil || !strings.Contains(string(text), "http://elsewhere.example") {
		t.Errorf("the URL was not kept: %v\n%s", err, text)
	}
	if diff := sentryctl(t, s, "config", "apply", "--yes", "--site", s.Dir).exits(0).last("result"); diff.Changed {
		t.Errorf("the files are not what the record asks for: %+v", diff)
	}
}

func restoreToDirectory(t *testing.T, s *labtest.Site, restore []string) {
	before := containers(t, s)
	dir := filepath.Join(t.TempDir(), "look")
	sentryctl(t, s, append(restore, "--to", dir)...).exits(0)
	for _, path := range []string{"sentry-postgres/PG_VERSION", "site/docker-compose.yml"} {
		if _, err := os.Stat(filepath.Join(dir, path)); err != nil {
			t.Error(err)
		}
	}
	if touched := differing(before, containers(t, s)); len(touched) > 0 {
		t.Errorf("containers touched: %v", touched)
	}
}

func restoreKeepsOld(t *testing.T, s *labtest.Site, restore []string) {
	sentryctl(t, s, append(restore, "--volume", "sentry-redis", "--keep-old")...).exits(0)
	if got := strings.Join(docker(t, s, "exec", s.Prefix+"-redis-1", "redis-cli", "get", "only-here"), ""); got != "" {
		t.Errorf("Redis was not set back: %q", got)
	}
	var kept []string
	for _, name := range docker(t, s, "volume", "ls", "-q", "--filter", "name="+s.Prefix) {
		if strings.HasSuffix(name, "-restore") {
			kept = append(kept, name)
		}
	}
	if len(kept) != 1 {
		t.Fatalf("got volumes %v", kept)
	}
	sentryctl(t, s, append(restore, "--volume", "sentry-redis")...).exits(4)
	docker(t, s, "volume", "rm", kept[0])
	sentryctl(t, s, append(restore, "--volume", "sentry-redis")...).exits(0)
	findEvent(t, s)
}
