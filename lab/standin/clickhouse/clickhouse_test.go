package clickhouse

import (
	"bytes"
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

func openTest(t *testing.T, dir, version string) *server {
	t.Helper()
	db, err := open(dir, version)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.store.close)
	return db
}

// ask runs statements and returns what the last one printed, or its error.
func ask(db *server, statements ...string) (string, error) {
	s := &session{server: db, database: "default"}
	var out bytes.Buffer
	for _, sql := range statements {
		out.Reset()
		res, err := s.run(sql, "")
		if err != nil {
			return "", err
		}
		if err := res.write(&out, ""); err != nil {
			return "", err
		}
	}
	return out.String(), nil
}

const createErrors = "CREATE TABLE IF NOT EXISTS default.errors_local (`project_id` UInt64, event_id UUID, message String DEFAULT '', tags Map(String, String), " +
	"timestamp DateTime64(3, 'UTC'), INDEX i event_id TYPE bloom_filter GRANULARITY 1) ENGINE = ReplacingMergeTree(deleted) PARTITION BY tuple() ORDER BY (project_id, event_id) SETTINGS index_granularity = 8192"

const insertErrors = `INSERT INTO errors_local FORMAT JSONEachRow
{"project_id":1,"event_id":"aaaa","message":"a; \"b\"","timestamp":"2026-01-01 00:00:01"}
{"project_id":1,"event_id":"bbbb","message":"tab\there","timestamp":"2026-01-01 00:00:03"}
{"project_id":12,"event_id":"cccc","timestamp":"2026-01-01 00:00:02"}`

func TestStatements(t *testing.T) {
	db := openTest(t, t.TempDir(), "25.3.6.1")
	if _, err := ask(db, createErrors, insertErrors); err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct{ sql, want string }{
		"one":                 {"SELECT 1", "1\n"},
		"version":             {"SELECT version()", "25.3.6.1\n"},
		"count":               {"select count() from errors_local", "3\n"},
		"where and":           {"SELECT event_id FROM default.errors_local WHERE project_id = 1 AND event_id = 'bbbb'", "bbbb\n"},
		"numbers as numbers":  {"SELECT max(project_id), min(project_id) FROM errors_local", "12\t1\n"},
		"order, limit":        {"SELECT event_id FROM errors_local ORDER BY timestamp DESC LIMIT 2", "bbbb\ncccc\n"},
		"offset":              {"SELECT event_id FROM errors_local ORDER BY event_id LIMIT 1, 1", "bbbb\n"},
		"group":               {"SELECT project_id, count() AS n FROM errors_local GROUP BY project_id ORDER BY n DESC", "1\t2\n12\t1\n"},
		"in, like, or":        {"SELECT count() FROM errors_local WHERE event_id IN ('aaaa', 'x') OR message LIKE '%her_'", "2\n"},
		"escaped":             {"SELECT message FROM errors_local WHERE event_id != 'aaaa' AND project_id < 2", "tab\\there\n"},
		"missing is default":  {"SELECT message, project_id FROM errors_local WHERE event_id='cccc' FORMAT JSONEachRow", "{\"message\":\"\",\"project_id\":12}\n"},
		"show tables":         {"SHOW TABLES", "errors_local\n"},
		"exists":              {"EXISTS TABLE nothing", "0\n"},
		"upstream's clean-up": {"SELECT count() FROM system.tables WHERE database = 'system' AND name = 'query_log_0'", "0\n"},
		"system tables":       {"SELECT database, name, engine, total_rows FROM system.tables", "default\terrors_local\tReplacingMergeTree\t3\n"},
		"column types":        {"SELECT type FROM system.columns WHERE name = 'timestamp' OR name = 'tags'", "Map(String, String)\nDateTime64(3, 'UTC')\n"},
		"truncate if exists":  {"TRUNCATE TABLE IF EXISTS system.query_log", ""},
		"flush logs":          {"SYSTEM FLUSH LOGS", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := ask(db, c.sql)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	db := openTest(t, t.TempDir(), "25.3.6.1")
	cases := map[string]struct{ sql, want string }{
		"unknown table":    {"SELECT 1 FROM nothing", "Code: 60."},
		"unknown database": {"SHOW TABLES FROM nothing", "Code: 81."},
		"unknown column":   {"SELECT a FROM system.one", "Code: 47."},
		"no SQL":           {"HELLO", "Code: 62."},
		"open quote":       {"SELECT 'a", "Code: 62."},
		"trailing words":   {"SELECT 1 UNION", "Code: 62."},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if _, err := ask(db, c.sql); err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestRowsSurviveARestart(t *testing.T) {
	dir := t.TempDir()
	db := openTest(t, dir, "25.3.6.1")
	if _, err := ask(db, createErrors); err != nil {
		t.Fatal(err)
	}
	for i := range 2*maxParts + 5 {
		if _, err := ask(db, fmt.Sprintf("INSERT INTO errors_local (project_id, event_id) VALUES (%d, 'e%d')", i, i)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := ask(db, "ALTER TABLE errors_local DELETE WHERE project_id < 5", "CREATE TABLE gone (a String) ENGINE = Memory", "DROP TABLE gone"); err != nil {
		t.Fatal(err)
	}
	if _, err := open(dir, "25.3.6.1"); err == nil {
		t.Error("a second server opened the same directory")
	}
	db.store.close()
	db = openTest(t, dir, "25.8.1.1")
	got, err := ask(db, "SELECT count(), min(project_id), max(event_id) FROM errors_local")
	if want := "60\t5\te9\n"; err != nil || got != want {
		t.Errorf("got %q %v, want %q", got, err, want)
	}
	if got, err := ask(db, "SHOW TABLES"); got != "errors_local\n" || err != nil {
		t.Errorf("tables: %q %v", got, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "metadata", "default", "errors_local.sql")); err != nil {
		t.Error(err)
	}
	if _, err := ask(db, "ALTER TABLE errors_local FREEZE WITH NAME 'b'"); err != nil {
		t.Error(err)
	}
	frozen, err := filepath.Glob(filepath.Join(dir, "shadow", "b", "store", "*", "*", "*", "data.bin"))
	if err != nil || len(frozen) == 0 {
		t.Errorf("frozen parts: %v %v", frozen, err)
	}
}

func TestUpgradesGoRungByRung(t *testing.T) {
	cases := map[string]struct {
		before, now, want string // want "": allowed
	}{
		"same":              {"23.8.11.29.altinitystable", "23.8.11.29.altinitystable", ""},
		"next rung":         {"23.8.11.29.altinitystable", "24.8.14.10459.altinitystable", ""},
		"patch":             {"21.8.12.29.altinitydev.arm", "21.8.13.1.altinitystable", ""},
		"between the rungs": {"23.5.1", "24.8.1", "start 23.8 on it first"},
		"a rung left out":   {"21.8.13.1.altinitystable", "23.3.19.33.altinitystable", "start 22.8 on it first"},
		"from 2020":         {"20.3.9.70", "25.3.6.1", "start 21.8 on it first"},
		"down":              {"25.3.6.1", "24.8.14.1", "newer than this server"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			err := checkUpgrade(c.before, c.now)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestClient(t *testing.T) {
	srv := httptest.NewServer(openTest(t, t.TempDir(), "25.3.6.1"))
	defer srv.Close()
	host := strings.TrimPrefix(srv.URL, "http://")
	client := func(stdin string, args ...string) (string, error) {
		var out bytes.Buffer
		p := &proc.Proc{Args: append([]string{"--host", host}, args...), Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &out, Getenv: func(string) string { return "" }}
		err := Client(context.Background(), p)
		return out.String(), err
	}
	steps := []struct {
		name, stdin string
		args        []string
		want        string
		code        int
	}{
		{name: "version", args: []string{"-q", "SELECT version()"}, want: "25.3.6.1\n"},
		{name: "several", args: []string{"--multiquery", "-q", "\nSYSTEM FLUSH LOGS;\nCREATE TABLE a (s String) ENGINE=Log;\nSELECT ';';\n"}, want: ";\n"},
		{name: "rows from stdin", stdin: `{"s":"x"}`, args: []string{"--query=INSERT INTO a FORMAT JSONEachRow"}},
		{name: "statements from stdin", stdin: "SELECT s FROM a; SELECT count() FROM a", want: "x\n1\n"},
		{name: "failure", args: []string{"-q", "SELECT 1 FROM b"}, code: 60},
	}
	for _, s := range steps {
		t.Run(s.name, func(t *testing.T) {
			got, err := client(s.stdin, s.args...)
			if code := proc.Code(t.Context(), err); code != s.code {
				t.Fatalf("exit %d (%v), want %d", code, err, s.code)
			}
			if got != s.want {
				t.Errorf("got %q, want %q", got, s.want)
			}
		})
	}
}

func TestHealth(t *testing.T) {
	db := openTest(t, t.TempDir(), "25.3.6.1")
	for _, target := range []string{"/", "/ping", "/replicas_status"} {
		w := httptest.NewRecorder()
		db.ServeHTTP(w, httptest.NewRequest("GET", target, nil))
		if w.Code != 200 || w.Body.String() != "Ok.\n" {
			t.Errorf("%s: %d %q", target, w.Code, w.Body)
		}
	}
}
