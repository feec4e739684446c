package e2e

import (
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/step"
	"github.com/sentryctl/sentryctl/lab/labtest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// state is what an install comes to, without what differs from site to site:
// names begin with "site" and no file's content is in it.
type state struct {
	Record     string            // state, version and project of the site's record
	Unfinished []string          // runs that did not come to their end
	Services   map[string]string // what Docker says of each service's containers
	OneOffs    []string          // containers that commands left behind
	Volumes    []string
	Networks   []string
	Users      []string // of Sentry, in PostgreSQL, with their rights
	Migrations string   // how many there are
	Files      []string // mode and path, below the site
}

func observe(t *testing.T, s *labtest.Site) state {
	t.Helper()
	st := state{Services: services(t, s), OneOffs: oneOffs(t, s)}
	st.Volumes = mine(s, docker(t, s, "volume", "ls", "-q"))
	st.Networks = mine(s, docker(t, s, "network", "ls", "--format", "{{.Name}}"))
	st.Users = query(t, s, "SELECT username || ' superuser=' || is_superuser FROM auth_user ORDER BY username")
	st.Migrations = strings.Join(query(t, s, "SELECT count(*) FROM django_migrations"), "")
	st.Files = files(t, s.Dir)
	st.Record, st.Unfinished = records(t, s)
	return st
}

// services tells what Docker says of the containers of each service.
func services(t *testing.T, s *labtest.Site) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, line := range boxes(t, s, "False", `{{.Label "com.docker.compose.service"}} {{.State}}`) {
		service, is, _ := strings.Cut(line, " ")
		out[service] = strings.TrimPrefix(out[service]+" "+is, " ")
	}
	return out
}

// boxes lists the site's containers: of services, or of commands.
func boxes(t *testing.T, s *labtest.Site, oneOff, format string) []string {
	t.Helper()
	return docker(t, s, "ps", "-a", "--format", format,
		"--filter", "label=com.docker.compose.project="+s.Prefix, "--filter", "label=com.docker.compose.oneoff="+oneOff)
}

func oneOffs(t *testing.T, s *labtest.Site) []string {
	t.Helper()
	return boxes(t, s, "True", "{{.Names}} {{.State}}")
}

func docker(t *testing.T, s *labtest.Site, args ...string) []string {
	t.Helper()
	lines, err := s.Docker.Lines(t.Context(), args...)
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// mine are the names that begin with the site's prefix, which becomes "site".
func mine(s *labtest.Site, names []string) []string {
	var out []string
	for _, n := range names {
		if rest, ok := strings.CutPrefix(n, s.Prefix); ok && (rest == "" || strings.ContainsAny(rest[:1], "-_")) {
			out = append(out, "site"+rest)
		}
	}
	slices.Sort(out)
	return out
}

func query(t *testing.T, s *labtest.Site, sql string) []string {
	t.Helper()
	return docker(t, s, "exec", s.Prefix+"-postgres-1", "psql", "-U", "postgres", "-qAtX", "-c", sql)
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	walk(t, dir, func(path string, info fs.FileInfo) { out = append(out, info.Mode().String()+" "+path) })
	return out
}

// walk goes through all files but journals and pristine trees, whose names
// and number are told elsewhere.
func walk(t *testing.T, dir string, visit func(path string, info fs.FileInfo)) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if ok, _ := filepath.Match(".sentryctl/*/*", filepath.ToSlash(rel)); ok && d.IsDir() {
			return fs.SkipDir
		} else if ok {
			return nil
		}
		info, err := d.Info()
		if err == nil {
			visit(filepath.ToSlash(rel), info)
		}
		return err
	})
	if err != nil {
		t.Fatalf("walk the site: %v", err)
	}
}

func records(t *testing.T, s *labtest.Site) (record string, unfinished []string) {
	t.Helper()
	at, r, err := site.Open(s.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, run := range runs(t, at) {
		if !step.Finished(run.Records) {
			unfinished = append(unfinished, run.ID)
		}
	}
	return strings.Join([]string{string(r.State), r.Version.String(), strings.Replace(r.Project, s.Prefix, "site", 1)}, " "), unfinished
}

func runs(t *testing.T, at *site.Site) []site.Run {
	t.Helper()
	all, err := at.Runs()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// lastRecord is where the newest journal of a site ends.
func lastRecord(t *testing.T, s *labtest.Site) step.Record {
	t.Helper()
	at, err := site.At(s.Dir)
	if err != nil {
		t.Fatal(err)
	}
	all := runs(t, at)
	if len(all) == 0 || len(all[len(all)-1].Records) == 0 {
		t.Fatal("the site has no journal")
	}
	r := all[len(all)-1].Records
	return r[len(r)-1]
}

// containers are the site's containers by service, each with its ID and the
// time it was started: both stay when nobody touches it.
func containers(t *testing.T, s *labtest.Site) map[string]string {
	t.Helper()
	ids := docker(t, s, "ps", "-aq", "--filter", "label=com.docker.compose.project="+s.Prefix)
	out := map[string]string{}
	for _, line := range docker(t, s, append([]string{"inspect", "--format",
		`{{index .Config.Labels "com.docker.compose.service"}} {{.Id}} {{.State.StartedAt}}`}, ids...)...) {
		service, rest, _ := strings.Cut(line, " ")
		out[service] += rest
	}
	return out
}

// differing are the names whose values differ, sorted.
func differing(a, b map[string]string) []string {
	var out []string
	for name := range a {
		if a[name] != b[name] {
			out = append(out, name)
		}
	}
	for name := range b {
		if _, ok := a[name]; !ok {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// written tells when each file of the site was last written. The lock names
// its last holder, so every run writes it.
func written(t *testing.T, s *labtest.Site) map[string]string {
	t.Helper()
	out := map[string]string{}
	walk(t, s.Dir, func(path string, info fs.FileInfo) {
		if !info.IsDir() && path != ".sentryctl/lock" {
			out[path] = info.ModTime().String()
		}
	})
	return out
}

// golden compares a state with a file, or rewrites it.
func golden(t *testing.T, name string, got state) {
	t.Helper()
	path := filepath.Join("testdata", name+".json")
	if *update {
		data, err := json.MarshalIndent(got, "", "  ")
		if err == nil {
			err = os.MkdirAll("testdata", 0o755)
		}
		if err == nil {
			err = os.WriteFile(path, append(data, '\n'), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var want state
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("%s (-got +want):\n%s", path, diff)
	}
}
