package images

import (
	"fmt"
	"slices"
	"strings"
)

// Prefix is the repository prefix of every image of the lab. Upstream's names
// are never used, so that nothing here can be taken for a real Sentry.
const Prefix = "sentryctl-lab/"

// role is what makes one image out of the common layers: its configuration.
// lab/standin/README.md says what each role needs.
type role struct {
	entrypoint []string
	cmd        []string
	versionEnv string   // variable that carries the image's tag
	env        []string // the rest
}

// roles are the images of the lab by name.
var roles = map[string]role{
	"clickhouse":     {entrypoint: standin("clickhouse"), versionEnv: "STANDIN_CLICKHOUSE_VERSION"},
	"geoipupdate":    {entrypoint: standin("geoipupdate")},
	"kafka":          {entrypoint: standin("kafka")},
	"launchpad":      sentryOwn("launchpad", "worker"),
	"memcached":      {entrypoint: standin("memcached")},
	"nginx":          {entrypoint: standin("nginx")},
	"pgbouncer":      {entrypoint: standin("pgbouncer")},
	"postgres":       {entrypoint: standin("postgres"), cmd: []string{"postgres"}, versionEnv: "STANDIN_POSTGRES_VERSION", env: []string{"STANDIN_ROLE=postgres", "PGDATA=/var/lib/postgresql/data"}},
	"redis":          {entrypoint: standin("redis"), cmd: []string{"redis-server"}},
	"relay":          sentryOwn("relay", "run"),
	"seaweedfs":      {entrypoint: standin("weed")},
	"sentry":         {entrypoint: []string{"/docker-entrypoint.sh"}, cmd: []string{"run", "web"}, versionEnv: "STANDIN_VERSION"},
	"smtp":           {entrypoint: standin("smtp")},
	"snuba":          sentryOwn("snuba", "api"),
	"symbolicator":   sentryOwn("symbolicator", "run"),
	"taskbroker":     sentryOwn("taskbroker"),
	"uptime-checker": sentryOwn("uptime-checker", "run"),
	"valkey":         {entrypoint: standin("redis"), cmd: []string{"valkey-server"}},
	"vroom":          sentryOwn("vroom"),
	"zookeeper":      {entrypoint: standin("zookeeper")},
}

func standin(role string) []string { return []string{program, role} }

// sentryOwn is a program of Sentry's own: its images carry the release.
func sentryOwn(name string, cmd ...string) role {
	return role{entrypoint: standin(name), cmd: cmd, versionEnv: "STANDIN_VERSION"}
}

const program = "/usr/local/bin/standin"

// links are the names under which the programs of the images are called, by
// compose files, health checks and one-off commands. They are the same in
// every image: a link that nobody calls costs nothing. /entrypoint.sh is none of
// them: the trees copy a file there, and a builder would write through a link.
var links = map[string][]string{
	program: {
		"/bin/relay", "/bin/symbolicator", "/opt/taskbroker", "/usr/bin/clickhouse-client", "/usr/bin/clickhouse",
		"/usr/bin/geoipupdate", "/usr/local/bin/apk", "/usr/local/bin/docker-entrypoint.sh", "/usr/local/bin/gosu",
		"/usr/local/bin/kafka-consumer-groups", "/usr/local/bin/kafka-topics", "/usr/local/bin/nc", "/usr/local/bin/python",
		"/usr/local/bin/python3", "/usr/local/bin/s3cmd", "/usr/local/bin/sentry", "/usr/local/bin/snuba", "/usr/local/bin/weed",
	},
	"/usr/bin/redis-cli":    {"/usr/local/bin/valkey-cli"},
	"/usr/bin/redis-server": {"/usr/local/bin/valkey-server"},
}

// sentryEntrypoint is sourced by bash at the end of sentry/entrypoint.sh.
const sentryEntrypoint = `#!/bin/bash
exec /usr/local/bin/standin sentry "$@"
`

// loaderRegistry lists JavaScript SDK versions where a release looks for them
// when it is asked to host them itself.
const loaderRegistry = `{"versions": ["10.0.0", "9.0.0", "8.0.0", "7.0.0", "6.0.0", "5.0.0", "4.0.0"]}
`

// commonLayer is the stand-in program at from with everything that the images
// need around it.
func commonLayer(from string) (layer, error) {
	bin, err := fileEntry(program, from)
	if err != nil {
		return layer{}, err
	}
	entries := []entry{
		bin,
		// Sockets of PostgreSQL; what the base had in /run does not last.
		{path: "/run/postgresql", dir: true, mode: 0o1777},
		{path: "/docker-entrypoint.sh", mode: 0o755, data: []byte(sentryEntrypoint)},
		{path: "/usr/src/sentry/src/sentry/loader/_registry.json", mode: 0o644, data: []byte(loaderRegistry)},
	}
	for target, names := range links {
		for _, name := range names {
			entries = append(entries, entry{path: usrmerged(name), link: target})
		}
	}
	return makeLayer(entries)
}

// usrmerged avoids replacing the base's link /bin by a directory.
func usrmerged(path string) string {
	if strings.HasPrefix(path, "/bin/") {
		return "/usr" + path
	}
	return path
}

// Split takes "sentryctl-lab/redis:6.2.20-alpine" apart. An error names the
// roles there are.
func Split(ref string) (name, tag string, err error) {
	rest, ours := strings.CutPrefix(ref, Prefix)
	name, tag, tagged := strings.Cut(rest, ":")
	if _, known := roles[name]; !ours || !tagged || tag == "" || !known {
		return "", "", fmt.Errorf("%q is no image of the lab: want %s<role>:<tag> with a role of %s", ref, Prefix, strings.Join(Roles(), ", "))
	}
	return name, tag, nil
}

// Roles are the names of the lab's images, sorted.
func Roles() []string {
	var names []string
	for name := range roles {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
