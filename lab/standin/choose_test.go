package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestChoose(t *testing.T) {
	cases := map[string]struct {
		argv string
		env  string
		want string // role and arguments
	}{
		"by its own name":          {"/usr/local/bin/weed server -dir=/data", "", "weed server -dir=/data"},
		"by the first argument":    {"standin kafka", "", "kafka"},
		"a path as argument":       {"standin /usr/bin/kafka-topics --list", "", "kafka-topics --list"},
		"program said again":       {"standin postgres postgres -c wal_level=logical", "", "postgres -c wal_level=logical"},
		"valkey":                   {"standin redis valkey-server /etc/redis.conf", "", "redis /etc/redis.conf"},
		"another program of redis": {"standin redis redis-cli ping", "", "redis redis-cli ping"},
		"clickhouse client":        {"/usr/bin/clickhouse client -q x", "", "clickhouse client -q x"},
		"clickhouse-server":        {"/usr/bin/clickhouse-server", "", "clickhouse"},
		"entry point":              {"/usr/local/bin/docker-entrypoint.sh postgres -c a=b", "postgres", "postgres -c a=b"},
		"entry point, odd word":    {"/entrypoint.sh nc -z a 1", "postgres", "postgres nc -z a 1"},
		"tool":                     {"/usr/local/bin/nc -z localhost 9092", "", "nc -z localhost 9092"},
		"role from environment":    {"standin -c a=b", "postgres", "postgres -c a=b"},
		"unknown role":             {"standin nothing", "", "error"},
		"no role":                  {"standin", "", "error"},
		"entry point without role": {"/entrypoint.sh x", "", "error"},
		"unknown STANDIN_ROLE":     {"/entrypoint.sh x", "nothing", "error"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			role, args, err := choose(strings.Fields(c.argv), c.env, table())
			got := strings.TrimSpace(role + " " + strings.Join(args, " "))
			if err != nil {
				got = "error"
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestEveryRowOfTheReadmeIsPlayed(t *testing.T) {
	known := table()
	for _, role := range strings.Fields("snuba kafka zookeeper clickhouse weed postgres redis memcached nginx pgbouncer " +
		"kafka-topics kafka-consumer-groups clickhouse-client nc python3 python s3cmd gosu apk") {
		if known[role] == nil {
			t.Errorf("nobody plays %s", role)
		}
	}
	for name := range tools() {
		if known[name] == nil {
			t.Errorf("no tool %s", name)
		}
	}
}
