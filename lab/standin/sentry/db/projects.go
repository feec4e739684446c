package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Project is one project with its organization.
type Project struct {
	ID           int64     `json:"id"`
	Slug         string    `json:"slug"`
	Name         string    `json:"name"`
	Organization int64     `json:"organization"`
	OrgSlug      string    `json:"orgSlug"`
	Added        time.Time `json:"dateCreated"`
}

const projectSQL = `SELECT p.id, p.slug, p.name, o.id, o.slug, p.date_added FROM sentry_project p
	JOIN sentry_organization o ON o.id = p.organization_id WHERE p.status = 0`

// Projects returns the active projects of an organization, or of all when
// org is empty.
func (d *DB) Projects(ctx context.Context, org string) ([]Project, error) {
	rows, err := d.pool.Query(ctx, projectSQL+" AND ($1 = '' OR o.slug = $1) ORDER BY p.id", org)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Project])
}

// Project finds a project by the slug, or the number, of it and of its
// organization.
func (d *DB) Project(ctx context.Context, org, project string) (Project, error) {
	rows, err := d.pool.Query(ctx, projectSQL+" AND (o.slug = $1 OR o.id::text = $1) AND (p.slug = $2 OR p.id::text = $2) ORDER BY p.id", org, project)
	if err != nil {
		return Project{}, err
	}
	return first(pgx.CollectRows(rows, pgx.RowToStructByPos[Project]))
}

// Key is a client key of a project.
type Key struct {
	ID      int64
	Project int64
	Label   string
	Public  string
	Secret  string
}

// Keys returns the active keys of a project.
func (d *DB) Keys(ctx context.Context, project int64) ([]Key, error) {
	rows, err := d.pool.Query(ctx, `SELECT id, project_id, coalesce(label, ''), public_key, coalesce(secret_key, '') FROM sentry_projectkey
		WHERE project_id = $1 AND status = 0 ORDER BY id`, project)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Key])
}

// ProjectOfKey returns which project, of which organization, a public key
// belongs to.
func (d *DB) ProjectOfKey(ctx context.Context, public string) (project, org int64, err error) {
	err = d.one(ctx, `SELECT k.project_id, p.organization_id FROM sentry_projectkey k JOIN sentry_project p ON p.id = k.project_id
		WHERE k.public_key = $1 AND k.status = 0 AND p.status = 0`, []any{public}, &project, &org)
	return project, org, err
}

// OrganizationOf returns the organization of a project.
func (d *DB) OrganizationOf(ctx context.Context, project int64) (int64, error) {
	var org int64
	err := d.one(ctx, "SELECT organization_id FROM sentry_project WHERE id = $1", []any{project}, &org)
	return org, err
}

// Organization is one organization.
type Organization struct {
	ID    int64     `json:"id"`
	Slug  string    `json:"slug"`
	Name  string    `json:"name"`
	Added time.Time `json:"dateCreated"`
}

// Organizations returns the active ones.
func (d *DB) Organizations(ctx context.Context) ([]Organization, error) {
	rows, err := d.pool.Query(ctx, "SELECT id, slug, name, date_added FROM sentry_organization WHERE status = 0 ORDER BY id")
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Organization])
}

// AddRelay records a relay that introduced itself.
func (d *DB) AddRelay(ctx context.Context, id, publicKey string) error {
	_, err := d.exec(ctx, `INSERT INTO sentry_relay (relay_id, public_key, first_seen, last_seen, is_internal) VALUES ($1, $2, now(), now(), true)
		ON CONFLICT (relay_id) DO UPDATE SET last_seen = now(), public_key = excluded.public_key`, id, publicKey)
	if noTable(err) {
		return nil // a version before relay
	}
	return err
}

func first[T any](all []T, err error) (T, error) {
	var none T
	switch {
	case err != nil:
		return none, err
	case len(all) == 0:
		return none, ErrNotFound
	}
	return all[0], nil
}

// PutNode stores the body of an event.
func (d *DB) PutNode(ctx context.Context, id string, body []byte) error {
	_, err := d.exec(ctx, `INSERT INTO nodestore_node (id, data, timestamp) VALUES ($1, $2, now())
		ON CONFLICT (id) DO UPDATE SET data = excluded.data, timestamp = excluded.timestamp`, id, string(body))
	return err
}

// Node returns the body of an event.
func (d *DB) Node(ctx context.Context, id string) ([]byte, error) {
	var data string
	err := d.one(ctx, "SELECT data FROM nodestore_node WHERE id = $1", []any{id}, &data)
	return []byte(data), err
}

// Cleanup removes event bodies, sessions and relays older than the days, and
// returns how many bodies went.
func (d *DB) Cleanup(ctx context.Context, days int) (int64, error) {
	n, err := d.exec(ctx, "DELETE FROM nodestore_node WHERE timestamp < now() - make_interval(days => $1)", days)
	if err != nil {
		return 0, fmt.Errorf("clean nodestore_node: %w", err)
	}
	_, err = d.exec(ctx, "DELETE FROM django_session WHERE expire_date < now()")
	return n, err
}

// IsMissing says whether an error means that a row, or the schema, is absent.
func IsMissing(err error) bool { return errors.Is(err, ErrNotFound) || noTable(err) }
