package db

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

// Migrate says how to bring the schema to a version.
type Migrate struct {
	Version string
	Fail    bool          // stop half way through the version's own migrations
	Takes   time.Duration // how long the version's own migrations take together
}

const journalSQL = `CREATE TABLE IF NOT EXISTS django_migrations (
	id bigserial PRIMARY KEY, app varchar(255) NOT NULL, name varchar(255) NOT NULL, applied timestamptz NOT NULL DEFAULT now())`

// Run applies what is missing, in order, each migration in a transaction of
// its own, and seeds a database that was empty. Data older than the previous
// hard stop is refused before anything is touched. Newer data is not noticed,
// as Sentry does not notice it.
func (m Migrate) Run(ctx context.Context, p *proc.Proc, d *DB) error {
	version, err := calver.Parse(m.Version)
	if err != nil {
		return proc.Exit(2, "STANDIN_VERSION %q is no version", m.Version)
	}
	applied, err := d.Applied(ctx)
	if err != nil {
		return err
	}
	known := upTo(version)
	if stop := skippedStop(known, applied); stop != "" {
		return proc.Exit(1, "InconsistentMigrationHistory: the data was last migrated by a version older than %s, whose migrations are squashed in %s. "+
			"Upgrade to %s first.", stop, m.Version, stop)
	}
	if _, err := d.exec(ctx, journalSQL); err != nil {
		return fmt.Errorf("create django_migrations: %w", err)
	}
	p.Printf("Operations to perform:\n  Apply all migrations: hybridcloud, nodestore, sentry\nRunning migrations:\n")
	todo := 0
	for i, g := range known {
		n, err := m.generation(ctx, p, d, pending(g, applied), i == len(known)-1)
		if err != nil {
			return err
		}
		todo += n
	}
	if todo == 0 {
		p.Printf("  No migrations to apply.\n")
	}
	return d.seed(ctx, p)
}

// skippedStop returns the oldest hard stop before the version's own whose
// migrations used data lacks.
func skippedStop(known []generation, applied map[string]bool) string {
	if len(applied) == 0 {
		return ""
	}
	for _, g := range known[:len(known)-1] {
		if g.hardStop && len(pending(g, applied)) > 0 {
			return g.since
		}
	}
	return ""
}

func pending(g generation, applied map[string]bool) []migration {
	var todo []migration
	for _, m := range g.migrations {
		if !applied[m.String()] {
			todo = append(todo, m)
		}
	}
	return todo
}

// generation applies what is left of one version; own says that it is the
// version that runs, which tests can make slow or fail.
func (m Migrate) generation(ctx context.Context, p *proc.Proc, d *DB, todo []migration, own bool) (int, error) {
	for i, mig := range todo {
		if own && m.Fail && i >= len(todo)/2 {
			p.Printf("  Applying %s...", mig)
			return i, proc.Exit(1, "django.db.utils.DataError: the migration %s was told to fail", mig)
		}
		p.Printf("  Applying %s...", mig)
		if own {
			if err := slowly(ctx, p, m.Takes/time.Duration(len(todo))); err != nil {
				return i, err
			}
		}
		if err := d.apply(ctx, mig); err != nil {
			p.Printf("\n")
			return i, fmt.Errorf("apply %s: %w", mig, err)
		}
		p.Printf(" OK\n")
	}
	return len(todo), nil
}

// slowly waits and shows a dot each half second.
func slowly(ctx context.Context, p *proc.Proc, takes time.Duration) error {
	const beat = 500 * time.Millisecond
	for ; takes > 0; takes -= beat {
		if !proc.Sleep(ctx, min(takes, beat)) {
			return ctx.Err()
		}
		p.Printf(".")
	}
	return nil
}

func (d *DB) apply(ctx context.Context, m migration) error {
	return d.inTx(ctx, func(tx pgx.Tx) error {
		if m.sql != "" {
			if _, err := tx.Exec(ctx, m.sql); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, "INSERT INTO django_migrations (app, name) VALUES ($1, $2)", m.app, m.name)
		return err
	})
}

// Applied returns the names, as app.name, that django_migrations holds; none
// when there is no such table.
func (d *DB) Applied(ctx context.Context) (map[string]bool, error) {
	rows, err := d.pool.Query(ctx, "SELECT app || '.' || name FROM django_migrations")
	if err == nil {
		var names []string
		if names, err = pgx.CollectRows(rows, pgx.RowTo[string]); err == nil {
			applied := map[string]bool{}
			for _, n := range names {
				applied[n] = true
			}
			return applied, nil
		}
	}
	if noTable(err) {
		return nil, nil
	}
	return nil, fmt.Errorf("read django_migrations: %w", err)
}

// Plan lists the migrations of a version in order and whether each is applied.
func (d *DB) Plan(ctx context.Context, version string) ([]string, map[string]bool, error) {
	v, err := calver.Parse(version)
	if err != nil {
		return nil, nil, err
	}
	applied, err := d.Applied(ctx)
	if err != nil {
		return nil, nil, err
	}
	var names []string
	for _, g := range upTo(v) {
		for _, m := range g.migrations {
			names = append(names, m.String())
		}
	}
	return names, applied, nil
}
