package db_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
	"github.com/sentryctl/sentryctl/lab/standin/sentry/conf"
	"github.com/sentryctl/sentryctl/lab/standin/sentry/db"
	"github.com/sentryctl/sentryctl/lab/standin/sentry/pgtest"
)

func open(t *testing.T, c conf.Database) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	if err := proc.Retry(t.Context(), testProc(nil), "postgres", d.Ping); err != nil {
		t.Fatal(err)
	}
	return d
}

func testProc(out *bytes.Buffer) *proc.Proc {
	if out == nil {
		out = &bytes.Buffer{}
	}
	return &proc.Proc{Role: "sentry", Stdout: out, Stderr: &bytes.Buffer{}, Getenv: func(string) string { return "" }}
}

func TestMigrations(t *testing.T) {
	d := open(t, pgtest.Start(t))
	steps := []struct {
		name     string
		migrate  db.Migrate
		wantErr  string
		wantText string
	}{
		{"fresh", db.Migrate{Version: "23.6.2"}, "", "Applying sentry.0001_initial... OK"},
		{"again", db.Migrate{Version: "23.6.2"}, "", "No migrations to apply"},
		{"over a hard stop", db.Migrate{Version: "24.8.0"}, "Upgrade to 23.11.0 first", ""},
		{"next stop fails half way", db.Migrate{Version: "23.11.0", Fail: true}, "0596", "0590_apitoken_last_characters... OK"},
		{"half is not enough for the one after", db.Migrate{Version: "24.8.0"}, "Upgrade to 23.11.0 first", ""},
		{"repaired", db.Migrate{Version: "23.11.0"}, "", "0596_option_updated_by... OK"},
		{"next", db.Migrate{Version: "24.8.0"}, "", "0744"},
		{"a version without rows of its own", db.Migrate{Version: "24.9.0"}, "", "release_24.9.0_backfill... OK"},
		{"the last", db.Migrate{Version: "25.5.1"}, "", "0889"},
		{"later", db.Migrate{Version: "26.8.0"}, "", "1080"},
		{"a downgrade is not noticed", db.Migrate{Version: "24.8.0"}, "", "No migrations to apply"},
	}
	for _, s := range steps {
		var out bytes.Buffer
		err := s.migrate.Run(t.Context(), testProc(&out), d)
		if (err == nil) != (s.wantErr == "") || err != nil && (!strings.Contains(err.Error(), s.wantErr) || proc.Code(t.Context(), err) != 1) {
			t.Fatalf("%s: got error %v, want %q", s.name, err, s.wantErr)
		}
		if !strings.Contains(out.String(), s.wantText) {
			t.Errorf("%s: got %q, want %q in it", s.name, out.String(), s.wantText)
		}
	}
	projects, err := d.Projects(t.Context(), "")
	if err != nil || len(projects) != 1 || projects[0].ID != 1 || projects[0].Slug != "internal" {
		t.Errorf("got projects %v and %v, want the internal one", projects, err)
	}
}

func TestUsers(t *testing.T) {
	d := open(t, pgtest.Start(t))
	migrate(t, d, "25.10.0")
	ctx := t.Context()
	if _, err := d.CreateUser(ctx, db.NewUser{Email: "Admin@example.com", Password: "one", Superuser: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.CreateUser(ctx, db.NewUser{Email: "admin@example.com", Password: "two"}); !errors.Is(err, db.ErrExists) {
		t.Errorf("second time: got %v, want that the user exists", err)
	}
	u, err := d.Login(ctx, "admin@example.com", "one")
	if err != nil || !u.Superuser {
		t.Errorf("login: got %+v and %v", u, err)
	}
	if _, err := d.Login(ctx, "admin@example.com", "two"); !db.IsMissing(err) {
		t.Errorf("wrong password: got %v", err)
	}
	if updated, err := d.CreateUser(ctx, db.NewUser{Email: "admin@example.com", Password: "two", Superuser: true, Update: true}); err != nil || !updated {
		t.Errorf("forced update: got %t and %v", updated, err)
	}
	if _, err := d.Login(ctx, "admin@example.com", "two"); err != nil {
		t.Errorf("new password: %v", err)
	}
}

func TestExportAndImportIntoAnotherSite(t *testing.T) {
	server := pgtest.Start(t)
	from := open(t, server)
	migrate(t, from, "25.10.0")
	ctx := t.Context()
	for _, email := range []string{"a@example.com", "b@example.com"} {
		if _, err := from.CreateUser(ctx, db.NewUser{Email: email, Password: "pw", Superuser: email[0] == 'a'}); err != nil {
			t.Fatal(err)
		}
	}
	if err := from.SetOption(ctx, "mail.from", "x@example.com"); err != nil {
		t.Fatal(err)
	}
	all, err := from.Export(ctx, db.Scope{Name: "global"})
	if err != nil {
		t.Fatal(err)
	}
	one, err := from.Export(ctx, db.Scope{Name: "users", Users: []string{"b@example.com"}})
	if err != nil || len(one) != 2 {
		t.Errorf("filtered export: got %d objects and %v, want the user and the address", len(one), err)
	}

	to := open(t, pgtest.Start(t))
	migrate(t, to, "26.8.0") // a newer schema takes the fixture of an older one
	if _, err := to.Import(ctx, db.Scope{Name: "global"}, all); err != nil {
		t.Fatal(err)
	}
	if _, err := to.Login(ctx, "b@example.com", "pw"); err != nil {
		t.Errorf("imported user cannot log in: %v", err)
	}
	if v, err := to.Option(ctx, "mail.from"); err != nil || v != "x@example.com" {
		t.Errorf("option: got %q and %v", v, err)
	}
	keys := func(d *db.DB) []string {
		found, err := d.Keys(ctx, 1)
		if err != nil {
			t.Fatal(err)
		}
		var public []string
		for _, k := range found {
			public = append(public, k.Public)
		}
		return public
	}
	if diff := cmp.Diff(keys(from), keys(to)[1:]); diff != "" {
		t.Errorf("keys of the project beside its own (-want +got):\n%s", diff)
	}
	if n, err := to.Import(ctx, db.Scope{Name: "global"}, all); err != nil || n != 0 {
		t.Errorf("a second import added %d rows, %v", n, err)
	}
}

func TestNodesAndCleanup(t *testing.T) {
	d := open(t, pgtest.Start(t))
	migrate(t, d, "23.6.2")
	ctx := t.Context()
	if err := d.PutNode(ctx, "abc", []byte(`{"message":"it's"}`)); err != nil {
		t.Fatal(err)
	}
	if got, err := d.Node(ctx, "abc"); err != nil || string(got) != `{"message":"it's"}` {
		t.Errorf("got %s and %v", got, err)
	}
	if n, err := d.Cleanup(ctx, 90); err != nil || n != 0 {
		t.Errorf("cleanup of 90 days took %d, %v", n, err)
	}
	if n, err := d.Cleanup(ctx, 0); err != nil || n != 1 {
		t.Errorf("cleanup of 0 days took %d, %v", n, err)
	}
}

func migrate(t *testing.T, d *db.DB, version string) {
	t.Helper()
	if err := (db.Migrate{Version: version}).Run(t.Context(), testProc(nil), d); err != nil {
		t.Fatal(err)
	}
}
