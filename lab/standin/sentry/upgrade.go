package sentry

import (
	"context"
	"strconv"
	"time"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/lab/standin/bus"
	"github.com/sentryctl/sentryctl/lab/standin/proc"
	"github.com/sentryctl/sentryctl/lab/standin/sentry/conf"
	"github.com/sentryctl/sentryctl/lab/standin/sentry/db"
)

// topicsSince is the first version whose upgrade creates Kafka topics.
const topicsSince = "24.6.0"

const topicsTimeout = 60 * time.Second

// upgrade migrates the database and, when asked, creates Kafka's topics.
func upgrade(ctx context.Context, p *proc.Proc) error {
	f := proc.ParseFlags(p.Args, "noinput", "create-kafka-topics", "lock", "verbosity")
	return withDB(ctx, p, func(s conf.Settings, d *db.DB) error {
		if f.Has("create-kafka-topics") {
			if v, err := calver.Parse(s.Version); err == nil && v.Less(calver.MustParse(topicsSince)) {
				return proc.Exit(2, "Error: no such option: --create-kafka-topics")
			}
			if err := createTopics(ctx, p, s.Brokers); err != nil {
				return err
			}
		}
		return migration(p, s.Version).Run(ctx, p, d)
	})
}

func createTopics(ctx context.Context, p *proc.Proc, brokers []string) error {
	ctx, cancel := context.WithTimeout(ctx, topicsTimeout)
	defer cancel()
	made, err := bus.CreateTopics(ctx, brokers, bus.AllTopics()...)
	for _, t := range made {
		p.Printf("Created topic %s\n", t)
	}
	return err
}

func migration(p *proc.Proc, version string) db.Migrate {
	m := db.Migrate{Version: version, Fail: p.Getenv("STANDIN_MIGRATION") == "fail"}
	if n, err := strconv.ParseFloat(p.Getenv("STANDIN_MIGRATION_SECONDS"), 64); err == nil && n > 0 {
		m.Takes = time.Duration(n * float64(time.Second))
	}
	return m
}

// migrations answers `migrations list`.
func migrations(ctx context.Context, p *proc.Proc) error {
	return withDB(ctx, p, func(s conf.Settings, d *db.DB) error {
		names, applied, err := d.Plan(ctx, s.Version)
		if err != nil {
			return err
		}
		for _, n := range names {
			mark := " "
			if applied[n] {
				mark = "X"
			}
			p.Printf(" [%s] %s\n", mark, n)
		}
		return nil
	})
}

// django knows the few of Django's own commands that say how a database is.
func django(ctx context.Context, p *proc.Proc) error {
	switch f := proc.ParseFlags(p.Args, "noinput", "plan", "list"); f.Word(0) {
	case "migrate":
		return upgrade(ctx, p.With(nil))
	case "showmigrations":
		return migrations(ctx, p.With(nil))
	case "check":
		return withDB(ctx, p, func(conf.Settings, *db.DB) error {
			p.Printf("System check identified no issues (0 silenced).\n")
			return nil
		})
	default:
		return proc.Exit(1, "Unknown command: %q", f.Word(0))
	}
}
