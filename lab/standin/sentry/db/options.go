package db

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Option returns a stored option as text.
func (d *DB) Option(ctx context.Context, key string) (string, error) {
	var raw string
	if err := d.one(ctx, "SELECT value FROM sentry_option WHERE key = $1", []any{key}, &raw); err != nil {
		return "", err
	}
	return plain(raw), nil
}

// Options returns all stored options.
func (d *DB) Options(ctx context.Context) (map[string]string, error) {
	rows, err := d.pool.Query(ctx, "SELECT key, value FROM sentry_option")
	if err != nil {
		return nil, fmt.Errorf("read options: %w", err)
	}
	all := map[string]string{}
	var key, raw string
	_, err = pgx.ForEachRow(rows, []any{&key, &raw}, func() error {
		all[key] = plain(raw)
		return nil
	})
	return all, err
}

// SetOption stores an option: JSON as it is, anything else as a string.
func (d *DB) SetOption(ctx context.Context, key, value string) error {
	if !json.Valid([]byte(value)) {
		quoted, err := json.Marshal(value)
		if err != nil {
			return err
		}
		value = string(quoted)
	}
	_, err := d.exec(ctx, "INSERT INTO sentry_option (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value", key, value)
	return err
}

// DeleteOption removes an option and reports whether it was there.
func (d *DB) DeleteOption(ctx context.Context, key string) (bool, error) {
	n, err := d.exec(ctx, "DELETE FROM sentry_option WHERE key = $1", key)
	return n > 0, err
}

// Permissions returns what a user may do beyond being a superuser; they are
// an admin's, such as users.admin.
func (d *DB) Permissions(ctx context.Context, email string) ([]string, error) {
	rows, err := d.pool.Query(ctx, `SELECT p.permission FROM sentry_userpermission p JOIN auth_user u ON u.id = p.user_id
		WHERE lower(u.username) = lower($1) ORDER BY 1`, email)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// Permit gives a permission to a user, or takes it away.
func (d *DB) Permit(ctx context.Context, email, permission string, give bool) error {
	sql := "DELETE FROM sentry_userpermission WHERE permission = $2 AND user_id = (SELECT id FROM auth_user WHERE lower(username) = lower($1))"
	if give {
		sql = `INSERT INTO sentry_userpermission (user_id, permission) SELECT id, $2 FROM auth_user WHERE lower(username) = lower($1)
			ON CONFLICT DO NOTHING`
	}
	_, err := d.exec(ctx, sql, email, permission)
	return err
}

func plain(raw string) string {
	var s string
	if json.Unmarshal([]byte(raw), &s) == nil {
		return s
	}
	return raw
}
