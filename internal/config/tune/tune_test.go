package tune

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/calver"
)

func all() []string {
	return []string{"clickhouse", "kafka", "postgres", "redis", "symbolicator", "taskbroker", "taskworker", "web"}
}

func machine(cpus int, gib int64, version string) Input {
	return Input{
		CPUs: cpus, MemoryMiB: gib * 1024, Version: calver.MustParse(version), Services: all(),
		Commands: map[string][]string{
			"postgres": {"postgres"}, "redis": {"redis-server", "/redis.conf"}, "taskworker": {"run", "taskworker", "--concurrency=4"},
		},
		Env: map[string]string{"clickhouse MAX_MEMORY_USAGE_RATIO": "0.3", "kafka KAFKA_LOG_RETENTION_HOURS": "24"},
		Now: map[string]string{"SENTRY_WEB_OPTIONS.workers": "3", "SENTRY_TASKWORKER_CONCURRENCY": "4"},
	}
}

// brief writes a proposal in short, a line each.
func brief(p Proposal) []string {
	var out []string
	for _, o := range p.Options {
		out = append(out, fmt.Sprintf("%s %s -> %s", o.Key, o.Now, o.Value))
	}
	for _, l := range p.Override {
		out = append(out, fmt.Sprintf("%s.%s %v", l.Service, l.Name, l.Value))
	}
	return out
}

func TestPropose(t *testing.T) {
	for name, c := range map[string]struct {
		in   Input
		want []string
	}{
		"16 GiB": {machine(4, 16, "26.8.0"), []string{
			"SENTRY_WEB_OPTIONS.workers 3 -> 4",
			"redis.command [redis-server /redis.conf --maxmemory 1280mb --maxmemory-policy allkeys-lru --save ]",
			"clickhouse.MAX_MEMORY_USAGE_RATIO 0.8",
			"postgres.command [postgres -c shared_buffers=896MB]",
			"clickhouse.mem_limit 4864m", "kafka.mem_limit 1792m", "postgres.mem_limit 2304m", "redis.mem_limit 1792m",
			"symbolicator.mem_limit 1792m", "web.mem_limit 3g",
		}},
		"many CPUs, little memory": {machine(16, 8, "26.8.0"), []string{
			"SENTRY_WEB_OPTIONS.workers 3 -> 2", "SENTRY_TASKWORKER_CONCURRENCY 4 -> 3",
			"redis.command [redis-server /redis.conf --maxmemory 640mb --maxmemory-policy allkeys-lru --save ]",
			"clickhouse.MAX_MEMORY_USAGE_RATIO 0.8",
			"postgres.command [postgres -c shared_buffers=384MB]",
			"clickhouse.mem_limit 2304m", "kafka.mem_limit 1280m", "postgres.mem_limit 1g", "redis.mem_limit 768m",
			"symbolicator.mem_limit 1g", "web.mem_limit 1536m",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(brief(Propose(c.in)), c.want); diff != "" {
				t.Errorf("(-got +want):\n%s", diff)
			}
		})
	}
}

func TestRules(t *testing.T) {
	find := func(p Proposal, what string) string {
		for _, line := range brief(p) {
			if strings.HasPrefix(line, what) {
				return line
			}
		}
		return ""
	}
	change := func(in Input, how func(*Input)) Input { how(&in); return in }
	for name, c := range map[string]struct {
		in         Input
		what, want string
	}{
		"a small disk shortens Kafka's log":      {change(machine(4, 16, "25.10.0"), func(i *Input) { i.DiskGiB = 20 }), "kafka.KAFKA", "kafka.KAFKA_LOG_RETENTION_HOURS 6"},
		"a large one does not":                   {change(machine(4, 16, "25.10.0"), func(i *Input) { i.DiskGiB = 200 }), "kafka.KAFKA", ""},
		"a short log stays":                      {change(machine(4, 16, "26.8.0"), func(i *Input) { i.DiskGiB = 20; i.Env["kafka KAFKA_LOG_RETENTION_HOURS"] = "3" }), "kafka.KAFKA", ""},
		"a queue in Redis is never evicted":      {change(machine(4, 16, "24.8.0"), func(i *Input) { i.Services = []string{"redis", "worker", "web"} }), "redis.", ""},
		"no option before 26.2.0: the command":   {machine(2, 16, "25.10.0"), "taskworker", "taskworker.command [run taskworker --concurrency=2]"},
		"an old ClickHouse looks at the host":    {machine(4, 8, "23.6.2"), "clickhouse.", "clickhouse.MAX_MEMORY_USAGE_RATIO 0.2"},
		"what is set so already is not repeated": {change(machine(4, 16, "26.8.0"), func(i *Input) { i.Now["SENTRY_WEB_OPTIONS.workers"] = "4" }), "SENTRY_WEB", ""},
		"shared buffers of the admin stay":       {change(machine(4, 16, "26.8.0"), func(i *Input) { i.Commands["postgres"] = []string{"postgres", "-c", "shared_buffers=2GB"} }), "postgres.command", ""},
		"a profile without symbolicator":         {change(machine(4, 16, "26.8.0"), func(i *Input) { i.Services = []string{"web"} }), "symbolicator", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := find(Propose(c.in), c.what); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestUwsgiKeepsHTTP(t *testing.T) {
	in := machine(16, 64, "25.10.0")
	in.Services = append(in.Services, "nginx")
	u := Propose(in).Uwsgi
	if u == nil || u.Option.Key != "SENTRY_WEB_OPTIONS.uwsgi-socket" || strings.HasSuffix(u.Option.Value, ":9000") || !strings.Contains(strings.Join(u.Nginx, "\n"), "server web:9001;") {
		t.Errorf("got %+v", u)
	}
	in.Now["SENTRY_WEB_OPTIONS.uwsgi-socket"] = "0.0.0.0:9001"
	if u := Propose(in).Uwsgi; u != nil {
		t.Errorf("proposed again: %+v", u)
	}
	if u := Propose(machine(4, 16, "25.10.0")).Uwsgi; u != nil {
		t.Errorf("proposed for a small machine: %+v", u)
	}
}

// Whatever the machine, no proposal is out of its bounds, and each has a reason.
func TestProposalsAreSane(t *testing.T) {
	for cpus := 1; cpus <= 128; cpus *= 2 {
		for gib := int64(2); gib <= 512; gib *= 2 {
			for _, v := range []string{"23.6.2", "24.8.0", "25.10.0", "26.8.0"} {
				p := Propose(machine(cpus, gib, v))
				for _, o := range p.Options {
					var n int
					if _, err := fmt.Sscan(o.Value, &n); err != nil || n < 2 || n > 32 || o.Why == "" {
						t.Errorf("%d CPUs, %d GiB, %s: %+v", cpus, gib, v, o)
					}
				}
				for _, l := range p.Override {
					if l.Why == "" || l.Value == nil || strings.Contains(l.Why, "%!") {
						t.Errorf("%d CPUs, %d GiB, %s: %+v", cpus, gib, v, l)
					}
				}
			}
		}
	}
}
