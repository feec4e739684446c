package trees

import "github.com/sentryctl/sentryctl/internal/calver"

// worker is a service that differs from its kind by its command only.
type worker struct {
	Name    string
	Kind    string // "sentry" or "snuba": the defaults it takes
	Command string
	Full    bool // of the profile feature-complete, where there are profiles
	Healthy bool // touches a file that the health check takes away
	calver.Range
}

// workersOf is a choice of upstream's workers: every kind of command, and all
// that an event passes on its way.
func workersOf(v calver.Version) []worker {
	var list []worker
	for _, w := range workers() {
		if !w.Contains(v) {
			continue
		}
		w.Full = w.Full && since("24.7.1").Contains(v)
		w.Healthy = w.Healthy && since("25.8.0").Contains(v)
		if w.Healthy {
			w.Command += healthFlag(w.Kind)
		}
		list = append(list, w)
	}
	return list
}

func healthFlag(kind string) string {
	if kind == "snuba" {
		return " --health-check-file /tmp/health.txt"
	}
	return " --healthcheck-file-path /tmp/health.txt"
}

func workers() []worker {
	const (
		snuba, sentry = "snuba", "sentry"
		batch         = " --max-batch-time-ms 750 --no-strict-offset-reset"
	)
	return []worker{
		{Name: "snuba-consumer", Kind: snuba, Command: "consumer --storage errors --auto-offset-reset=latest" + batch, Range: until("24.2.0")},
		{Name: "snuba-errors-consumer", Kind: snuba, Healthy: true, Range: since("24.3.0"),
			Command: "rust-consumer --storage errors --consumer-group snuba-consumers --auto-offset-reset=latest" + batch},
		{Name: "snuba-outcomes-consumer", Kind: snuba, Command: "consumer --storage outcomes_raw --auto-offset-reset=earliest" + batch, Range: until("24.2.0")},
		{Name: "snuba-outcomes-consumer", Kind: snuba, Healthy: true, Range: since("24.3.0"),
			Command: "rust-consumer --storage outcomes_raw --consumer-group snuba-consumers --auto-offset-reset=earliest" + batch},
		{Name: "snuba-replacer", Kind: snuba, Command: "replacer --storage errors --auto-offset-reset=latest --no-strict-offset-reset"},
		{Name: "snuba-subscription-consumer-events", Kind: snuba, Healthy: true, Command: "subscriptions-scheduler-executor --dataset events --entity events" +
			" --auto-offset-reset=latest --no-strict-offset-reset --consumer-group=snuba-events-subscriptions-consumers" +
			" --followed-consumer-group=snuba-consumers --schedule-ttl=60 --stale-threshold-seconds=900"},
		{Name: "snuba-transactions-consumer", Kind: snuba, Full: true, Healthy: true,
			Command: "consumer --storage transactions --consumer-group transactions_group --auto-offset-reset=latest" + batch},
		{Name: "cron", Kind: sentry, Command: "run cron", Range: until("25.9.0")},
		{Name: "worker", Kind: sentry, Command: "run worker", Range: until("25.9.0")},
		{Name: "events-consumer", Kind: sentry, Healthy: true, Command: "run consumer ingest-events --consumer-group ingest-consumer"},
		{Name: "attachments-consumer", Kind: sentry, Healthy: true, Command: "run consumer ingest-attachments --consumer-group ingest-consumer"},
		{Name: "transactions-consumer", Kind: sentry, Full: true, Healthy: true, Command: "run consumer ingest-transactions --consumer-group ingest-consumer"},
		{Name: "ingest-monitors", Kind: sentry, Full: true, Healthy: true, Range: since("24.1.0"), Command: "run consumer ingest-monitors --consumer-group ingest-monitors"},
		{Name: "post-process-forwarder-errors", Kind: sentry, Healthy: true, Command: "run consumer --no-strict-offset-reset post-process-forwarder-errors" +
			" --consumer-group post-process-forwarder --synchronize-commit-log-topic=snuba-commit-log --synchronize-commit-group=snuba-consumers"},
		{Name: "subscription-consumer-events", Kind: sentry, Healthy: true, Range: until("26.6.0"),
			Command: "run consumer events-subscription-results --consumer-group query-subscription-consumer"},
		{Name: "taskscheduler", Kind: sentry, Command: "run taskworker-scheduler", Range: since("25.6.0")},
		{Name: "taskworker", Kind: sentry, Command: "run taskworker --concurrency=4 --rpc-host=taskbroker:50051", Range: between("25.6.0", "25.7.0")},
		{Name: "taskworker", Kind: sentry, Command: "run taskworker --concurrency=4 --rpc-host=taskbroker:50051 --health-check-file-path=/tmp/health.txt", Range: since("25.8.0")},
	}
}
