package snuba

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

// migration makes one table. since is the first release that has it; 0 for
// all.
type migration struct {
	group, id string
	since     int // year*100+month
	table     string
	columns   string
}

const plainColumns = "project_id UInt64, event_id String, timestamp DateTime, retention_days UInt16"

const errorColumns = "project_id UInt64, event_id String, organization_id UInt64, group_id UInt64, timestamp DateTime, received DateTime, " +
	"message String, platform LowCardinality(String), primary_hash String, retention_days UInt16, deleted UInt8"

// known are the migrations in their order. Those of the later releases are
// few of the real ones, enough that each upgrade has something to do.
func known() []migration {
	return []migration{
		{"system", "0001_migrations", 0, "migrations_local", "group String, migration_id String, timestamp DateTime, status String, version UInt64"},
		{"events", "0001_events_initial", 0, "errors_local", errorColumns},
		{"transactions", "0001_transactions", 0, "transactions_local", plainColumns},
		{"outcomes", "0001_outcomes", 0, "outcomes_raw_local", plainColumns},
		{"sessions", "0001_sessions", 0, "sessions_raw_local", plainColumns},
		{"replays", "0001_replays", 2211, "replays_local", plainColumns},
		{"profiles", "0001_profiles", 2305, "profiles_local", plainColumns},
		{"functions", "0001_functions", 2305, "functions_raw_local", plainColumns},
		{"search_issues", "0001_search_issues", 2305, "search_issues_local_v2", plainColumns},
		{"metrics", "0001_metrics_buckets", 2311, "metrics_raw_v2_local", plainColumns},
		{"generic_metrics", "0001_sets_aggregate_table", 2311, "generic_metric_sets_raw_local", plainColumns},
		{"spans", "0001_spans_v1", 2401, "spans_local", plainColumns},
		{"group_attributes", "0001_group_attributes", 2406, "group_attributes_local", plainColumns},
		{"profile_chunks", "0001_create_profile_chunks_table", 2409, "profile_chunks_local", plainColumns},
		{"uptime_monitor_checks", "0001_uptime_monitor_checks", 2501, "uptime_monitor_checks_v2_local", plainColumns},
		{"events_analytics_platform", "0024_items", 2505, "eap_items_1_local", plainColumns},
		{"events_analytics_platform", "0049_add_hashed_keys", 2510, "eap_item_co_occurring_attrs_1_local", plainColumns},
		{"events_analytics_platform", "0060_outcomes", 2608, "eap_item_outcomes_1_local", plainColumns},
	}
}

func (m migration) key() string { return m.group + ": " + m.id }

// ofRelease are the migrations that a release knows.
func ofRelease(version string) []migration {
	var mine []migration
	for _, m := range known() {
		if m.since <= monthOf(version) {
			mine = append(mine, m)
		}
	}
	return mine
}

// monthOf reads 2510 out of 25.10.0; what is no release is the newest.
func monthOf(version string) int {
	year, rest, _ := strings.Cut(version, ".")
	month, _, _ := strings.Cut(rest, ".")
	y, err1 := strconv.Atoi(year)
	m, err2 := strconv.Atoi(month)
	if err1 != nil || err2 != nil {
		return 9999
	}
	return y*100 + m
}

// migrations is `snuba migrations migrate|list`.
func migrations(ctx context.Context, p *proc.Proc) error {
	f := proc.ParseFlags(p.Args, "force", "check-dangerous", "fake")
	switch f.Word(0) {
	case "migrate":
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		return migrate(ctx, p)
	case "list":
		return list(ctx, p)
	}
	return proc.Exit(2, "Error: No such command %q.", f.Word(0))
}

// done are the migrations that ClickHouse has seen; before the first one there
// is no table to ask.
func done(ctx context.Context, p *proc.Proc) (map[string]bool, error) {
	exists, err := store(p).Query(ctx, "EXISTS TABLE default.migrations_local", "")
	if err != nil || strings.TrimSpace(string(exists)) != "1" {
		return map[string]bool{}, err
	}
	rows, err := store(p).Query(ctx, "SELECT group, migration_id FROM default.migrations_local WHERE status = 'completed'", "")
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(rows)) {
		group, id, _ := strings.Cut(strings.TrimSpace(line), "\t")
		seen[group+": "+id] = true
	}
	return seen, nil
}

func migrate(ctx context.Context, p *proc.Proc) error {
	var seen map[string]bool
	err := proc.Retry(ctx, p, "clickhouse", func(ctx context.Context) (err error) {
		seen, err = done(ctx, p)
		return err
	})
	if err != nil {
		return proc.Exit(1, "clickhouse: %v", err)
	}
	for _, m := range ofRelease(p.Env("STANDIN_VERSION", defaultVersion)) {
		if seen[m.key()] {
			continue
		}
		p.Logf("Running migration: %s", m.id)
		if err := m.run(ctx, p); err != nil {
			return proc.Exit(1, "migration %s: %v", m.key(), err)
		}
		p.Logf("Finished: %s", m.id)
	}
	p.Printf("Finished running migrations\n")
	return nil
}

func (m migration) run(ctx context.Context, p *proc.Proc) error {
	_, err := store(p).Query(ctx, fmt.Sprintf("CREATE TABLE IF NOT EXISTS default.%s (%s) ENGINE = MergeTree ORDER BY tuple()", m.table, m.columns), "")
	if err != nil {
		return err
	}
	_, err = store(p).Query(ctx, fmt.Sprintf("INSERT INTO default.migrations_local (group, migration_id, timestamp, status, version) VALUES ('%s', '%s', '%s', 'completed', 1)",
		m.group, m.id, time.Now().UTC().Format(time.DateTime)), "")
	return err
}

func list(ctx context.Context, p *proc.Proc) error {
	seen, err := done(ctx, p)
	if err != nil {
		return proc.Exit(1, "clickhouse: %v", err)
	}
	group := ""
	for _, m := range ofRelease(p.Env("STANDIN_VERSION", defaultVersion)) {
		if m.group != group {
			group = m.group
			p.Printf("%s\n", group)
		}
		mark := " "
		if seen[m.key()] {
			mark = "X"
		}
		p.Printf("[%s]  %s\n", mark, m.id)
	}
	return nil
}
