package bus

import (
	"maps"
	"slices"
)

// Topics of the path that an event takes.
const (
	IngestEvents       = "ingest-events"
	IngestAttachments  = "ingest-attachments"
	IngestTransactions = "ingest-transactions"
	IngestFeedback     = "ingest-feedback-events"
	Events             = "events"
	CommitLog          = "snuba-commit-log"
)

// SentryConsumers says which topics each `sentry run consumer NAME` reads.
// Names and topics are those of upstream's compose files and of
// sentry/conf/types/kafka_definition.py.
func SentryConsumers() map[string][]string {
	return map[string][]string{
		IngestEvents:                            {IngestEvents},
		IngestAttachments:                       {IngestAttachments},
		IngestTransactions:                      {IngestTransactions},
		IngestFeedback:                          {IngestFeedback},
		"ingest-metrics":                        {"ingest-metrics"},
		"ingest-generic-metrics":                {"ingest-performance-metrics"},
		"billing-metrics-consumer":              {"snuba-generic-metrics"},
		"ingest-replay-recordings":              {"ingest-replay-recordings"},
		"ingest-occurrences":                    {"ingest-occurrences"},
		"ingest-profiles":                       {"profiles"},
		"ingest-monitors":                       {"ingest-monitors"},
		"monitors-clock-tick":                   {"monitors-clock-tick"},
		"monitors-clock-tasks":                  {"monitors-clock-tasks"},
		"process-spans":                         {"ingest-spans"},
		"process-segments":                      {"buffered-segments"},
		"uptime-results":                        {"uptime-results"},
		"post-process-forwarder-errors":         {Events},
		"post-process-forwarder-transactions":   {"transactions"},
		"post-process-forwarder-issue-platform": {"generic-events"},
		"events-subscription-results":           {"events-subscription-results"},
		"transactions-subscription-results":     {"transactions-subscription-results"},
		"metrics-subscription-results":          {"metrics-subscription-results"},
		"generic-metrics-subscription-results":  {"generic-metrics-subscription-results"},
		"subscription-results-eap-items":        {"subscription-results-eap-items"},
	}
}

// SnubaStorages says which topic fills each of snuba's storages.
func SnubaStorages() map[string]string {
	return map[string]string{
		"errors":                            Events,
		"transactions":                      "transactions",
		"outcomes_raw":                      "outcomes",
		"sessions_raw":                      "ingest-sessions",
		"replays":                           "ingest-replay-events",
		"search_issues":                     "generic-events",
		"metrics_raw":                       "snuba-metrics",
		"generic_metrics_distributions_raw": "snuba-generic-metrics",
		"generic_metrics_sets_raw":          "snuba-generic-metrics",
		"generic_metrics_counters_raw":      "snuba-generic-metrics",
		"generic_metrics_gauges_raw":        "snuba-generic-metrics",
		"profiles":                          "processed-profiles",
		"functions_raw":                     "profiles-call-tree",
		"profile_chunks":                    "snuba-profile-chunks",
		"spans":                             "snuba-spans",
		"eap_items":                         "snuba-items",
		"group_attributes":                  "group-attributes",
		"uptime_monitor_checks":             "snuba-uptime-results",
	}
}

// SchedulerTopics says which commit log the subscriptions of an entity follow.
func SchedulerTopics() map[string]string {
	return map[string]string{
		"events":                        CommitLog,
		"transactions":                  "snuba-transactions-commit-log",
		"sessions":                      "snuba-sessions-commit-log",
		"metrics_sets":                  "snuba-metrics-commit-log",
		"metrics_counters":              "snuba-metrics-commit-log",
		"generic_metrics_distributions": "snuba-generic-metrics-distributions-commit-log",
		"generic_metrics_sets":          "snuba-generic-metrics-sets-commit-log",
		"generic_metrics_counters":      "snuba-generic-metrics-counters-commit-log",
		"generic_metrics_gauges":        "snuba-generic-metrics-gauges-commit-log",
		"eap_items":                     "snuba-eap-items-commit-log",
	}
}

// AllTopics are the topics that `snuba bootstrap` and `sentry upgrade
// --create-kafka-topics` make, sorted.
func AllTopics() []string {
	seen := map[string]bool{"event-replacements": true, "outcomes-billing": true, "taskworker": true, "taskworker-dlq": true,
		"snuba-generic-events-commit-log": true, "ingest-replay-events": true}
	for _, ts := range SentryConsumers() {
		for _, t := range ts {
			seen[t] = true
		}
	}
	for _, m := range []map[string]string{SnubaStorages(), SchedulerTopics()} {
		for _, t := range m {
			seen[t] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}
