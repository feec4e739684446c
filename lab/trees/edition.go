package trees

import (
	"cmp"
	"text/template"

	"github.com/sentryctl/sentryctl/internal/calver"
)

// edition is what the templates see of one version.
type edition struct {
	Version  calver.Version
	Prefix   string
	Bind     string
	Nofile   int
	Workers  []worker
	Volumes  []volume
	Profiles string   // where vroom keeps profiles
	Hooks    []string // variables by which a test makes the stand-in fail
}

func newEdition(v calver.Version, o Options) edition {
	e := edition{
		Version: v, Prefix: cmp.Or(o.Prefix, DefaultPrefix), Bind: cmp.Or(o.Bind, DefaultBind), Nofile: cmp.Or(o.Nofile, DefaultNofile),
		Workers: workersOf(v), Volumes: volumesOf(v), Profiles: "/var/lib/sentry-profiles",
		Hooks: []string{"STANDIN_MIGRATION", "STANDIN_MIGRATION_SECONDS", "STANDIN_DROP_EVENTS", "STANDIN_WEB", "STANDIN_START_SECONDS"},
	}
	if since("25.8.0").Contains(v) {
		e.Profiles = "/var/vroom/sentry-profiles"
	}
	return e
}

func (e edition) funcs() template.FuncMap {
	return template.FuncMap{
		"since": func(v string) bool { return since(v).Contains(e.Version) },
		"until": func(v string) bool { return until(v).Contains(e.Version) },
		"image": func(role string) (string, error) { return imageOf(role, e.Version) },
	}
}

func since(v string) calver.Range { return calver.Range{Since: calver.MustParse(v)} }
func until(v string) calver.Range { return calver.Range{Until: calver.MustParse(v)} }
func between(a, b string) calver.Range {
	return calver.Range{Since: calver.MustParse(a), Until: calver.MustParse(b)}
}

// volume is a named volume without the "sentry-" before its name.
type volume struct {
	Name     string
	External bool
	calver.Range
}

// volumesOf follows upstream's volumes sections. An external volume is one
// that must be there before the stack is.
func volumesOf(v calver.Version) []volume {
	all := []volume{
		{Name: "data", External: true},
		{Name: "postgres", External: true},
		{Name: "redis", External: true},
		{Name: "zookeeper", External: true, Range: until("24.7.1")},
		{Name: "kafka", External: true},
		{Name: "clickhouse", External: true},
		{Name: "seaweedfs", External: true, Range: since("25.9.0")},
		{Name: "symbolicator", External: true, Range: until("25.9.0")},
		{Name: "symbolicator", Range: since("25.10.0")},
		{Name: "nginx-www", Range: since("24.10.0")},
		{Name: "vroom"},
		{Name: "taskbroker", Range: since("25.6.0")},
		{Name: "secrets"},
		{Name: "smtp"},
		{Name: "nginx-cache"},
		{Name: "zookeeper-log", Range: until("24.7.1")},
		{Name: "kafka-log"},
		{Name: "smtp-log"},
		{Name: "clickhouse-log"},
	}
	var list []volume
	for _, one := range all {
		if one.Contains(v) {
			list = append(list, one)
		}
	}
	return list
}
