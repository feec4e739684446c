package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/transfer"
	"github.com/sentryctl/sentryctl/internal/ui/format"
	"github.com/sentryctl/sentryctl/internal/ui/redact"
)

type exportOptions struct {
	site        string
	filter      []string
	encryptWith string
	out         string
	force       bool
}

func newExportCmd(a *app) *cobra.Command {
	var o exportOptions
	cmd := &cobra.Command{
		Use:   "export {global|config|users|organizations}",
		Short: "Write users, organizations or settings to a JSON file",
		Long: `Write users, organizations or settings to a JSON file, by the export of the
Sentry version that runs. Events are not part of it: "sentryctl backup" saves
those too.

The file has mode 0600 and appears when all of it is there. With --encrypt-with
it is a tar archive that the holder of the private key alone can read, in the
form that sentry's own import takes.`,
		Example: `  sentryctl export global
  sentryctl export users --filter ann@example.com --filter bob@example.com
  sentryctl export organizations --filter acme --encrypt-with public.pem --out acme.tar`,
		Args:      cobra.ExactArgs(1),
		ValidArgs: scopeNames(),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runExport(cmd.Context(), o, transfer.Scope(args[0]))
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.site, "site", site.DefaultDir, "directory of the installation")
	f.StringArrayVar(&o.filter, "filter", nil, "user name (users) or slug (organizations) to take; may be repeated")
	f.StringVar(&o.encryptWith, "encrypt-with", "", "file with a public RSA key in PEM form")
	f.StringVar(&o.out, "out", "", `file to write, "-" for stdout (default: a name from scope, version and time)`)
	f.BoolVar(&o.force, "force", false, "replace the file if it is there")
	return cmd
}

func (a *app) runExport(ctx context.Context, o exportOptions, scope transfer.Scope) error {
	if o.out == "-" && a.jsonOut() {
		return fault.New(fault.Usage, "Name a file with --out, or leave out --output json", "stdout holds the export or JSON lines, not both")
	}
	s, rec, err := site.Open(o.site)
	if err != nil {
		return err
	}
	x, err := o.export(scope, rec.Version, a.stdout)
	if err == nil {
		err = x.Check(rec.Version)
	}
	if err != nil {
		return err
	}
	unlock, err := s.Lock("sentryctl export --site " + s.Dir)
	if err != nil {
		return err
	}
	defer unlock()
	var res transfer.Exported
	err = a.withSink(ctx, func(ctx context.Context, sink *redact.Sink) error {
		sentry, closeEngine, err := openSentry(ctx, s, rec, sink)
		if err != nil {
			return err
		}
		defer closeEngine()
		res, err = sentry.Export(ctx, x, time.Now())
		return err
	})
	if err != nil {
		return err
	}
	return a.tellExport(res)
}

// export decides what is written and where to.
func (o exportOptions) export(scope transfer.Scope, v calver.Version, stdout io.Writer) (transfer.Export, error) {
	x := transfer.Export{Scope: scope, Filter: o.filter, File: o.out, Replace: o.force}
	if o.encryptWith != "" {
		key, err := transfer.ReadPublicKey(o.encryptWith)
		if err != nil {
			return x, err
		}
		x.Seal = key
	}
	switch o.out {
	case "-":
		x.File, x.To = "", stdout
	case "":
		ext := "json"
		if x.Seal != nil {
			ext = "tar"
		}
		x.File = fmt.Sprintf("sentry-%s-%s-%s.%s", scope, v, time.Now().UTC().Format("20060102T150405Z"), ext)
	}
	return x, nil
}

func (a *app) tellExport(res transfer.Exported) error {
	if res.File == "" {
		return nil // stdout holds the export and nothing else
	}
	if a.jsonOut() {
		return a.writeJSON(struct {
			Type string `json:"type"`
			transfer.Exported
		}{"result", res})
	}
	how := ""
	if res.Sealed {
		how = ", encrypted"
	}
	_, err := fmt.Fprintf(a.stdout, "Wrote %d objects (%s%s) to %s.\n", res.Objects, format.Bytes(res.Bytes), how, res.File)
	return err
}
