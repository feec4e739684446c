package sentry

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
	"github.com/sentryctl/sentryctl/lab/standin/sentry/conf"
	"github.com/sentryctl/sentryctl/lab/standin/sentry/db"
)

// transfer is the common part of export and import. Before 23.7.0 there were
// no scopes: the first word was the file.
type transfer struct {
	scope db.Scope
	file  string
	flags proc.Flags
}

func parseTransfer(args []string) (transfer, error) {
	f := proc.ParseFlags(args, "silent", "no-prompt", "merge-users", "overwrite-configs", "quiet")
	t := transfer{flags: f, scope: db.Scope{Name: "global"}, file: f.Word(0)}
	if slices.Contains([]string{"global", "config", "users", "organizations"}, t.file) {
		t.scope.Name, t.file = f.Word(0), f.Word(1)
	}
	if f.Has("encrypt-with", "decrypt-with", "encrypt-with-gcp-kms", "decrypt-with-gcp-kms") {
		return t, proc.Exit(2, "Error: the stand-in writes and reads plain fixtures only")
	}
	t.scope.Users = list(f.Get("filter-usernames"))
	t.scope.OrgSlugs = list(f.Get("filter-org-slugs"))
	t.scope.Overwrite = f.Has("overwrite-configs")
	if t.file == "" {
		t.file = "-"
	}
	return t, nil
}

func list(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
}

// export writes a fixture; what it says goes to stderr, the fixture alone to
// stdout.
func export(ctx context.Context, p *proc.Proc) error {
	t, err := parseTransfer(p.Args)
	if err != nil {
		return err
	}
	return withDB(ctx, p, func(_ conf.Settings, d *db.DB) error {
		objects, err := d.Export(ctx, t.scope)
		if err != nil {
			return err
		}
		data, err := json.MarshalIndent(objects, "", strings.Repeat(" ", 2))
		if err != nil {
			return fmt.Errorf("write fixture: %w", err)
		}
		fmt.Fprintf(p.Stderr, ">> Exported %d objects\n", len(objects))
		if t.file == "-" {
			p.Printf("%s\n", data)
			return nil
		}
		return os.WriteFile(t.file, append(data, '\n'), 0o600)
	})
}

// importData reads a fixture, all of it or nothing.
func importData(ctx context.Context, p *proc.Proc) error {
	t, err := parseTransfer(p.Args)
	if err != nil {
		return err
	}
	data, err := readInput(p, t.file)
	if err != nil {
		return err
	}
	var objects []db.Object
	if err := json.Unmarshal(data, &objects); err != nil {
		return proc.Exit(1, "Error: the fixture is no JSON list of objects: %v", err)
	}
	return withDB(ctx, p, func(_ conf.Settings, d *db.DB) error {
		added, err := d.Import(ctx, t.scope, objects)
		if err != nil {
			return err
		}
		fmt.Fprintf(p.Stderr, ">> Imported %d of %d objects\n", added, len(objects))
		return nil
	})
}

// readInput reads a file or, of "-" and nothing, stdin.
func readInput(p *proc.Proc, file string) ([]byte, error) {
	if file == "" || file == "-" {
		return io.ReadAll(p.Stdin)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, proc.Exit(2, "Error: %v", err)
	}
	return data, nil
}
