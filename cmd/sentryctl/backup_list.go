package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/ui/format"
)

type backupListOptions struct {
	backupOptions
	all bool
}

func newBackupListCmd(a *app) *cobra.Command {
	var o backupListOptions
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the backups in the repository",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withRepository(cmd.Context(), o.backupOptions, func(rep *repository.Repository, rec site.Record) error {
				return a.runBackupList(cmd.Context(), rep, o.project(rec))
			})
		},
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&o.all, "all", false, "those of other sites too")
	return cmd
}

// project is the site whose backups are meant, "" for all sites.
func (o backupListOptions) project(rec site.Record) string {
	if o.all {
		return ""
	}
	return rec.Project
}

func (a *app) runBackupList(ctx context.Context, rep *repository.Repository, project string) error {
	sets, damaged, err := backup.ListAll(ctx, rep, project)
	if err != nil {
		return err
	}
	return errors.Join(a.tellSets(sets), backup.DamageError(damaged))
}

func (a *app) tellSets(sets []backup.Set) error {
	if a.jsonOut() {
		for _, s := range sets {
			if err := a.writeJSON(struct {
				Type string `json:"type"`
				backup.Manifest
			}{"backup", s.Manifest}); err != nil {
				return err
			}
		}
		return a.writeJSON(struct {
			Type    string `json:"type"`
			Backups int    `json:"backups"`
		}{"result", len(sets)})
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "BACKUP\tAGE\tSENTRY\tMODE\tSIZE\tADDED\tUI GAP\tINGEST GAP\tNOTE")
	for _, s := range sets {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", s.ID(), format.About(time.Since(s.Begun)), s.Version, s.Mode, format.Bytes(s.Bytes),
			format.Bytes(s.Added), gap(s.Downtime.UI), gap(s.Downtime.Ingest), format.Clean(s.Description))
	}
	return w.Flush()
}

func gap(d time.Duration) string { return d.Round(100 * time.Millisecond).String() }
