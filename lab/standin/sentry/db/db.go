// Package db is what the stand-in's Sentry keeps in PostgreSQL: its schema
// and the migrations that lead there, users, projects, keys, options and
// fixtures of them. It speaks the simple protocol only, so that PgBouncer may
// pool by transaction.
package db

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
	"github.com/sentryctl/sentryctl/lab/standin/sentry/conf"
)

// DB is a small pool that connects when it is first asked something.
type DB struct{ pool *pgxpool.Pool }

// ErrNotFound says that there is no such row.
var ErrNotFound = errors.New("not found")

const (
	maxConns       = 2
	idleTime       = 30 * time.Second
	connectTimeout = 5 * time.Second
)

// Open prepares connections to the database; it does not connect yet.
func Open(ctx context.Context, d conf.Database) (*DB, error) {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(d.User, d.Password), Host: net.JoinHostPort(d.Host, d.Port), Path: "/" + d.Name}
	q := url.Values{"sslmode": {"disable"}}
	if len(d.Host) > 0 && d.Host[0] == '/' { // a folder with a socket
		u.Host = ""
		q.Set("host", d.Host)
		q.Set("port", d.Port)
	}
	u.RawQuery = q.Encode()
	c, err := pgxpool.ParseConfig(u.String())
	if err != nil {
		return nil, proc.Exit(1, "DATABASES in sentry.conf.py is not usable: host %q, port %q", d.Host, d.Port)
	}
	c.MaxConns, c.MinConns, c.MaxConnIdleTime = maxConns, 0, idleTime
	c.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	c.ConnConfig.StatementCacheCapacity, c.ConnConfig.DescriptionCacheCapacity = 0, 0
	c.ConnConfig.ConnectTimeout = connectTimeout
	pool, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("prepare database connections: %w", err)
	}
	return &DB{pool: pool}, nil
}

// Close ends all connections.
func (d *DB) Close() { d.pool.Close() }

// Ping says whether the database answers.
func (d *DB) Ping(ctx context.Context) error { return d.pool.Ping(ctx) }

// exec runs a statement outside of a transaction of ours.
func (d *DB) exec(ctx context.Context, sql string, args ...any) (int64, error) {
	tag, err := d.pool.Exec(ctx, sql, args...)
	return tag.RowsAffected(), err
}

// inTx runs fn in one transaction.
func (d *DB) inTx(ctx context.Context, fn func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, d.pool, fn)
}

// one scans the only row of a query into dest.
func (d *DB) one(ctx context.Context, sql string, args []any, dest ...any) error {
	err := d.pool.QueryRow(ctx, sql, args...).Scan(dest...)
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrNotFound
	}
	return err
}

// noTable says whether an error means that the schema is not there yet.
func noTable(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Code == "42P01"
}
