package db

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

// seed makes the organization, team and project that Sentry creates for
// itself when it first finds none, with a key to send events with.
func (d *DB) seed(ctx context.Context, p *proc.Proc) error {
	var n int
	if err := d.one(ctx, "SELECT count(*) FROM sentry_organization", nil, &n); err != nil {
		return fmt.Errorf("look for organizations: %w", err)
	}
	if n > 0 {
		return nil
	}
	p.Printf("Created internal Sentry project (slug=internal, id=1)\n")
	err := d.inTx(ctx, func(tx pgx.Tx) error {
		var org, team, project int64
		if err := tx.QueryRow(ctx, "INSERT INTO sentry_organization (name, slug) VALUES ('Sentry', 'sentry') RETURNING id").Scan(&org); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, "INSERT INTO sentry_team (organization_id, name, slug) VALUES ($1, 'Sentry', 'sentry') RETURNING id", org).Scan(&team); err != nil {
			return err
		}
		err := tx.QueryRow(ctx, "INSERT INTO sentry_project (organization_id, name, slug) VALUES ($1, 'Internal', 'internal') RETURNING id", org).Scan(&project)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "INSERT INTO sentry_projectteam (project_id, team_id) VALUES ($1, $2)", project, team); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "INSERT INTO sentry_projectkey (project_id, label, public_key, secret_key) VALUES ($1, 'Default', $2, $3)", project, NewKey(), NewKey())
		return err
	})
	if err != nil {
		return fmt.Errorf("create the internal project: %w", err)
	}
	return nil
}

// NewKey returns 32 random hexadecimal digits.
func NewKey() string {
	b := make([]byte, 16)
	rand.Read(b) //nolint:errcheck // never returns an error
	return hex.EncodeToString(b)
}
