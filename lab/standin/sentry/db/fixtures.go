package db

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
)

// Object is one row in the form of Django's fixtures.
type Object struct {
	Model  string                     `json:"model"`
	PK     int64                      `json:"pk"`
	Fields map[string]json.RawMessage `json:"fields"`
}

// model says how a table stands in a fixture. Refs are columns that point to
// another model; natural is what makes a row the same in another database.
type model struct {
	name, table string
	scopes      []string
	natural     []string
	refs        map[string]string
}

// models are in the order in which they can be inserted.
func models() []model {
	all, orgs := []string{"users", "config", "organizations", "global"}, []string{"organizations", "global"}
	org, project, user := "sentry.organization", "sentry.project", "sentry.user"
	return []model{
		{"sentry.option", "sentry_option", []string{"config", "global"}, []string{"key"}, nil},
		{"sentry.user", "auth_user", all, []string{"username"}, nil},
		{"sentry.useremail", "sentry_useremail", all, []string{"user_id", "email"}, map[string]string{"user_id": user}},
		{"sentry.userpermission", "sentry_userpermission", []string{"config", "global"}, []string{"user_id", "permission"}, map[string]string{"user_id": user}},
		{org, "sentry_organization", orgs, []string{"slug"}, nil},
		{"sentry.team", "sentry_team", orgs, []string{"organization_id", "slug"}, map[string]string{"organization_id": org}},
		{"sentry.organizationmember", "sentry_organizationmember", orgs, []string{"organization_id", "user_id"}, map[string]string{"organization_id": org, "user_id": user}},
		{project, "sentry_project", orgs, []string{"organization_id", "slug"}, map[string]string{"organization_id": org}},
		{"sentry.projectteam", "sentry_projectteam", orgs, []string{"project_id", "team_id"}, map[string]string{"project_id": project, "team_id": "sentry.team"}},
		{"sentry.projectkey", "sentry_projectkey", orgs, []string{"public_key"}, map[string]string{"project_id": project}},
		{"sentry.projectoption", "sentry_projectoptions", orgs, []string{"project_id", "key"}, map[string]string{"project_id": project}},
		{"sentry.apitoken", "sentry_apitoken", []string{"config", "global"}, []string{"token"}, map[string]string{"user_id": user}},
	}
}

// Scope says what to export or import.
type Scope struct {
	Name      string   // global, config, users or organizations
	Users     []string // of the scope users: these only
	OrgSlugs  []string // of the scope organizations: these only
	Overwrite bool     // on import: fixture over what exists
}

func (s Scope) has(m model) bool { return slices.Contains(m.scopes, s.Name) }

// keeps says whether the filters let a row pass whose own fields, and whose
// parents, are known.
func (s Scope) keeps(m model, o Object, kept map[string]map[int64]bool) bool {
	switch {
	case m.name == "sentry.user" && len(s.Users) > 0:
		return slices.Contains(s.Users, text(o.Fields["username"]))
	case m.name == "sentry.user" && s.Name == "config":
		return text(o.Fields["is_superuser"]) == "true" || text(o.Fields["is_staff"]) == "true"
	case m.name == "sentry.organization" && len(s.OrgSlugs) > 0:
		return slices.Contains(s.OrgSlugs, text(o.Fields["slug"]))
	}
	for column, parent := range m.refs {
		id, set := number(o.Fields[column])
		if set && !kept[parent][id] {
			return false
		}
	}
	return true
}

// Export returns the rows of a scope, parents first.
func (d *DB) Export(ctx context.Context, s Scope) ([]Object, error) {
	objects := []Object{}
	kept := map[string]map[int64]bool{}
	for _, m := range models() {
		if !s.has(m) {
			continue
		}
		rows, err := d.objects(ctx, m)
		if err != nil {
			return nil, fmt.Errorf("export %s: %w", m.name, err)
		}
		kept[m.name] = map[int64]bool{}
		for _, o := range rows {
			if s.keeps(m, o, kept) {
				kept[m.name][o.PK] = true
				objects = append(objects, o)
			}
		}
	}
	return objects, nil
}

func (d *DB) objects(ctx context.Context, m model) ([]Object, error) {
	rows, err := d.pool.Query(ctx, "SELECT to_json(t)::text FROM "+m.table+" t ORDER BY id")
	if err == nil {
		var raw []string
		if raw, err = pgx.CollectRows(rows, pgx.RowTo[string]); err == nil {
			return decode(m, raw)
		}
	}
	if noTable(err) {
		return nil, nil // a table of a newer version
	}
	return nil, err
}

func decode(m model, rows []string) ([]Object, error) {
	var objects []Object
	for _, raw := range rows {
		o := Object{Model: m.name}
		if err := json.Unmarshal([]byte(raw), &o.Fields); err != nil {
			return nil, err
		}
		o.PK, _ = number(o.Fields["id"])
		delete(o.Fields, "id")
		objects = append(objects, o)
	}
	return objects, nil
}

// text is a JSON string's value or, of anything else, its JSON.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

func number(raw json.RawMessage) (int64, bool) {
	var n *int64
	if json.Unmarshal(raw, &n) != nil || n == nil {
		return 0, false
	}
	return *n, true
}
