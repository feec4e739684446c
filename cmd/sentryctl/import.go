package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/transfer"
	"github.com/sentryctl/sentryctl/internal/ui/redact"
)

type importOptions struct {
	site             string
	filter           []string
	decryptWith      string
	mergeUsers       bool
	overwriteConfigs bool
	yes              bool
}

func newImportCmd(a *app) *cobra.Command {
	var o importOptions
	cmd := &cobra.Command{
		Use:   "import {global|config|users|organizations} FILE",
		Short: "Take in a JSON file that an export has written",
		Long: `Take in a JSON file that an export has written, by the import of the Sentry
version that runs. It should be the version that the export was made of.

An import of the scope global deletes what it brings: users, organizations,
projects and settings that are there. The other scopes add. The whole file is
read, and decrypted, before anything changes; the private key reaches no
container.`,
		Example: `  sentryctl import users users.json --merge-users
  sentryctl import global all.tar --decrypt-with private.pem --yes`,
		Args:      cobra.ExactArgs(2),
		ValidArgs: scopeNames(),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runImport(cmd.Context(), o, transfer.Import{
				Scope: transfer.Scope(args[0]), File: args[1], Filter: o.filter, PrivateKey: o.decryptWith,
				MergeUsers: o.mergeUsers, OverwriteConfigs: o.overwriteConfigs,
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.site, "site", site.DefaultDir, "directory of the installation")
	f.StringArrayVar(&o.filter, "filter", nil, "user name (users) or slug (organizations) to take; may be repeated")
	f.StringVar(&o.decryptWith, "decrypt-with", "", "file with the private RSA key in PEM form")
	f.BoolVar(&o.mergeUsers, "merge-users", false, "keep a user who is there instead of adding a second one")
	f.BoolVar(&o.overwriteConfigs, "overwrite-configs", false, "let settings in the file win (scope config)")
	f.BoolVar(&o.yes, "yes", false, "do not ask before data is deleted")
	return cmd
}

func (a *app) runImport(ctx context.Context, o importOptions, x transfer.Import) error {
	s, rec, err := site.Open(o.site)
	if err != nil {
		return err
	}
	if err := x.Check(rec.Version); err != nil {
		return err
	}
	if x.Scope == transfer.Global && !o.yes {
		sure, err := a.confirm(ctx, "This deletes all users, organizations, projects and settings that are there. Go on?", false)
		if err != nil {
			return err
		}
		if !sure {
			return fault.New(fault.Cancelled, "", "nothing was imported")
		}
	}
	unlock, err := s.Lock("sentryctl import --site " + s.Dir)
	if err != nil {
		return err
	}
	defer unlock()
	var res transfer.Imported
	err = a.withSink(ctx, func(ctx context.Context, sink *redact.Sink) error {
		sentry, closeEngine, err := openSentry(ctx, s, rec, sink)
		if err != nil {
			return err
		}
		defer closeEngine()
		res, err = sentry.Import(ctx, x)
		return err
	})
	if err != nil {
		return err
	}
	return a.tellImport(res)
}

func (a *app) tellImport(res transfer.Imported) error {
	if a.jsonOut() {
		return a.writeJSON(struct {
			Type string `json:"type"`
			transfer.Imported
		}{"result", res})
	}
	_, err := fmt.Fprintf(a.stdout, "Sentry took in %s: %d objects in the scope %s.\n", res.File, res.Objects, res.Scope)
	return err
}
