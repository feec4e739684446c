// Package trees makes the lab's releases: small file trees laid out, named and
// timed like those of self-hosted Sentry at the same versions, in our own
// words, with images of the lab behind every service. What a version has and
// has not follows upstream's compose files; docs/lab.md says where they differ.
package trees

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"text/template"

	"github.com/sentryctl/sentryctl/internal/calver"
)

//go:embed files
var sources embed.FS

// Names and limits that a tree has unless Options say otherwise.
const (
	DefaultPrefix = "sentryctl-lab"
	DefaultBind   = "19000"
	// DefaultNofile is granted by Engines that run in a container themselves;
	// upstream's 262144 is not.
	DefaultNofile = 16384
)

// Options are what sites of the lab must not share.
type Options struct {
	Prefix string // of the project, the external volumes and the images built here
	Bind   string // PORT or IP:PORT of nginx
	Nofile int    // open files that ClickHouse asks for
}

// Versions are the releases there are, oldest first.
func Versions() []string {
	return []string{"23.6.2", "23.11.0", "24.8.0", "25.5.1", "25.10.0", "26.5.0", "26.7.0", "26.8.0"}
}

// Write makes the tree of version in dir, which is made if need be.
func Write(dir, version string, o Options) error {
	v, err := calver.Parse(version)
	if err != nil {
		return fmt.Errorf("make lab release: %w", err)
	}
	e := newEdition(v, o)
	for _, f := range files() {
		if !f.Contains(v) {
			continue
		}
		data, err := f.render(e)
		if err != nil {
			return fmt.Errorf("make lab release %s: %w", version, err)
		}
		if err := put(filepath.Join(dir, filepath.FromSlash(f.path)), data, f.mode); err != nil {
			return fmt.Errorf("make lab release %s: %w", version, err)
		}
	}
	return nil
}

// put leaves a file alone that is right already, so that its times tell when
// a release changed.
func put(path string, data []byte, mode fs.FileMode) error {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, data) {
		return os.Chmod(path, mode)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path, data, mode); err != nil {
		return err
	}
	return os.Chmod(path, mode)
}

// file is one file of the trees, in the versions that have it.
type file struct {
	path string
	from string // below files/, a pattern for parts in the order of their names; "" means the same as path
	mode fs.FileMode
	calver.Range
}

func files() []file {
	const plain, program = 0o644, 0o755
	return []file{
		{path: ".env", from: "env.tmpl", mode: plain},
		{path: "CHANGELOG.md", from: "CHANGELOG.md.tmpl", mode: plain},
		{path: "README.md", from: "README.md.tmpl", mode: plain},
		{path: "certificates/.gitignore", from: "certificates.gitignore", mode: plain},
		{path: "clickhouse/Dockerfile", mode: plain},
		{path: "clickhouse/config.xml", mode: plain},
		{path: "clickhouse/default-password.xml", mode: plain, Range: since("25.9.0")},
		{path: "cron/Dockerfile", mode: plain},
		{path: "cron/entrypoint.sh", mode: program},
		{path: "docker-compose.yml", from: "compose/*.tmpl", mode: plain},
		{path: "geoip/GeoLite2-City.mmdb.empty", from: emptyGeoIP, mode: plain},
		{path: "nginx/nginx.conf", mode: plain, Range: until("24.12.1")},
		{path: "nginx.conf", from: "nginx/nginx.conf", mode: plain, Range: since("25.1.0")},
		{path: "postgres/init_hba.sh", mode: program, Range: until("24.7.1")},
		{path: "postgres/postgres-entrypoint.sh", mode: program, Range: until("24.7.1")},
		// Upstream's installer downloads it; the lab needs no network.
		{path: "postgres/wal2json/wal2json.so", from: "postgres/wal2json.so", mode: program, Range: until("24.7.1")},
		{path: "redis.conf", mode: plain, Range: since("25.1.0")},
		{path: "relay/config.example.yml", mode: plain},
		{path: "sentry/Dockerfile", mode: plain},
		{path: "sentry/config.example.yml", from: "sentry/config.example.yml.tmpl", mode: plain},
		{path: "sentry/enhance-image.example.sh", mode: program},
		{path: "sentry/entrypoint.sh", mode: program},
		{path: "sentry/requirements.example.txt", mode: plain},
		{path: "sentry/sentry.conf.example.py", from: "sentry/sentry.conf.example.py.tmpl", mode: plain},
		{path: "snuba/api_healthcheck.py", mode: plain, Range: since("26.7.0")},
		{path: "symbolicator/config.example.yml", mode: plain},
		{path: "taskbroker/config.yml", mode: plain, Range: since("26.7.0")},
	}
}

func (f file) render(e edition) ([]byte, error) {
	from := f.from
	switch from {
	case emptyGeoIP:
		return emptyDatabase(), nil
	case "":
		from = f.path
	}
	data, err := readParts("files/" + from)
	if err != nil || filepath.Ext(from) != ".tmpl" {
		return data, err
	}
	t, err := template.New(from).Funcs(e.funcs()).Parse(string(data))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := t.Execute(&out, e); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// Complete adds to a tree of version at dir those files that it lacks: build
// contexts, entry points and examples. What is there stays.
func Complete(dir, version string) error {
	v, err := calver.Parse(version)
	if err != nil {
		return fmt.Errorf("complete release: %w", err)
	}
	e := newEdition(v, Options{})
	for _, f := range files() {
		path := filepath.Join(dir, filepath.FromSlash(f.path))
		if _, err := os.Lstat(path); err == nil || !f.Contains(v) || f.ours() {
			continue
		}
		data, err := f.render(e)
		if err == nil {
			err = put(path, data, f.mode)
		}
		if err != nil {
			return fmt.Errorf("complete release %s: %w", version, err)
		}
	}
	return nil
}

// ours tells of a file that makes the tree a release of the lab.
func (f file) ours() bool { return f.path == "README.md" || f.path == "CHANGELOG.md" }

func readParts(pattern string) ([]byte, error) {
	names, err := fs.Glob(sources, pattern)
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s: %w", pattern, fs.ErrNotExist)
	}
	var all []byte
	for _, name := range names {
		data, err := sources.ReadFile(name)
		if err != nil {
			return nil, err
		}
		all = append(all, data...)
	}
	return all, nil
}
