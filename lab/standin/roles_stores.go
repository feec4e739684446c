package main

import (
	"github.com/sentryctl/sentryctl/lab/standin/clickhouse"
	"github.com/sentryctl/sentryctl/lab/standin/kafka"
	"github.com/sentryctl/sentryctl/lab/standin/proc"
	"github.com/sentryctl/sentryctl/lab/standin/snuba"
	"github.com/sentryctl/sentryctl/lab/standin/tool"
	"github.com/sentryctl/sentryctl/lab/standin/weed"
	"github.com/sentryctl/sentryctl/lab/standin/wrap"
)

// storeRoles are the stores, the wrappers of real programs and the tools.
func storeRoles() map[string]proc.Run {
	return map[string]proc.Run{
		"clickhouse": clickhouse.Serve,
		"kafka":      kafka.Broker,
		"snuba":      snuba.Run,
		"weed":       weed.Serve,
		"zookeeper":  kafka.Zookeeper,

		"memcached": wrap.Memcached,
		"nginx":     wrap.Nginx,
		"pgbouncer": wrap.PgBouncer,
		"postgres":  wrap.Postgres,
		"redis":     wrap.Redis,

		"apk":                   tool.Nothing,
		"clickhouse-client":     clickhouse.Client,
		"gosu":                  tool.Gosu,
		"kafka-consumer-groups": kafka.ConsumerGroups,
		"kafka-topics":          kafka.Topics,
		"nc":                    tool.Netcat,
		"python":                tool.Python,
		"python3":               tool.Python,
		"s3cmd":                 weed.S3cmd,
	}
}

// tools are the names that run once: nothing delays them.
func tools() map[string]bool {
	return map[string]bool{
		"apk": true, "gosu": true, "nc": true, "python": true, "python3": true, "s3cmd": true,
		"kafka-topics": true, "kafka-consumer-groups": true, "clickhouse-client": true,
	}
}
