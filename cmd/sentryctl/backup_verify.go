package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/ui/format"
)

type backupVerifyOptions struct {
	backupOptions
	percent float64
	all     bool
}

func newBackupVerifyCmd(a *app) *cobra.Command {
	var o backupVerifyOptions
	cmd := &cobra.Command{
		Use:   "verify [BACKUP]",
		Short: "See that a backup is whole, and read a share of it back",
		Long: `See that all that a backup needs is in the repository, and read a share of its
files back, chosen at random. Damage ends with exit code 13 and names the files.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runBackupVerify(cmd.Context(), o, args) },
	}
	o.flags(cmd)
	cmd.Flags().Float64Var(&o.percent, "percent", 10, "share of the files to read back, 0 to 100")
	cmd.Flags().BoolVar(&o.all, "all", false, "all backups of the site")
	return cmd
}

func (a *app) runBackupVerify(ctx context.Context, o backupVerifyOptions, args []string) error {
	if o.percent < 0 || o.percent > 100 {
		return fault.New(fault.Usage, "Give a number from 0 to 100", "--percent %g is no share", o.percent)
	}
	return a.withRepository(ctx, o.backupOptions, func(rep *repository.Repository, rec site.Record) error {
		sets, damaged, err := backup.ListAll(ctx, rep, rec.Project)
		if err != nil {
			return err
		}
		if !o.all {
			id := ""
			if len(args) > 0 {
				id = args[0]
			}
			one, err := backup.Find(sets, id)
			if len(sets) == 0 {
				_, lost := rep.Verify(ctx, 0) // none may be listed because the list is lost
				err = errors.Join(lost, backup.DamageError(damaged), err)
			}
			if err != nil {
				return err
			}
			sets = []backup.Set{one}
		}
		var parts []repository.Snapshot
		for _, s := range sets {
			list, err := s.Snapshots(ctx, rep)
			if fault.CodeOf(err) == fault.Integrity {
				damaged = append(damaged, backup.Damaged{ID: s.ID(), Err: err})
				continue
			}
			if err != nil {
				return err
			}
			parts = append(parts, list...)
		}
		res, err := rep.Verify(ctx, o.percent, parts...)
		for _, d := range damaged {
			res.Damaged = append(res.Damaged, cmp.Or(d.ID, "the list of backups")+": "+d.Err.Error())
		}
		return errors.Join(a.tellVerified(res), err, backup.DamageError(damaged))
	})
}

func (a *app) tellVerified(v repository.Verified) error {
	if a.jsonOut() {
		if len(v.Damaged) > 0 {
			return a.writeJSON(struct {
				Type string `json:"type"`
				repository.Verified
			}{"verified", v})
		}
		return a.writeJSON(struct {
			Type string `json:"type"`
			repository.Verified
		}{"result", v})
	}
	for _, d := range v.Damaged {
		fmt.Fprintf(a.stdout, "damaged: %s\n", format.Clean(d))
	}
	verdict := "all there is accounted for"
	if len(v.Damaged) > 0 {
		verdict = "are whole"
	}
	_, err := fmt.Fprintf(a.stdout, "%d files, %s: %s; %d of them, %s, were read back\n",
		v.Objects, format.Bytes(v.Bytes), verdict, v.ReadFiles, format.Bytes(v.ReadBytes))
	return err
}

func (a *app) tellPrune(before, after int64, orphans int) error {
	if a.jsonOut() {
		return a.writeJSON(struct {
			Type    string `json:"type"`
			Before  int64  `json:"before"`
			After   int64  `json:"after"`
			Orphans int    `json:"orphans"`
		}{"result", before, after, orphans})
	}
	_, err := fmt.Fprintf(a.stdout, "The repository took %s and takes %s now; %d parts of unfinished backups were removed.\n", format.Bytes(before), format.Bytes(after), orphans)
	return err
}

func newBackupDiffCmd(a *app) *cobra.Command {
	var o backupOptions
	cmd := &cobra.Command{
		Use:   "diff BACKUP [BACKUP]",
		Short: "List the files in which two backups differ (second: the newest)",
		Args:  cobra.RangeArgs(1, 2),
		RunE:  func(cmd *cobra.Command, args []string) error { return a.runBackupDiff(cmd.Context(), o, args) },
	}
	o.flags(cmd)
	return cmd
}

func (a *app) runBackupDiff(ctx context.Context, o backupOptions, args []string) error {
	return a.withRepository(ctx, o, func(rep *repository.Repository, rec site.Record) error {
		sets, err := backup.List(ctx, rep, rec.Project)
		if err != nil {
			return err
		}
		before, err := backup.Find(sets, args[0])
		if err != nil {
			return err
		}
		after, err := backup.Find(sets, append(args, "")[1])
		if err != nil {
			return err
		}
		changes, err := backup.Diff(ctx, rep, before, after)
		if err != nil {
			return err
		}
		for _, c := range changes {
			if err := a.tellChange(c); err != nil {
				return err
			}
		}
		if a.jsonOut() {
			return a.writeJSON(struct {
				Type    string `json:"type"`
				Changes int    `json:"changes"`
			}{"result", len(changes)})
		}
		return nil
	})
}

func (a *app) tellChange(c repository.Change) error {
	if a.jsonOut() {
		return a.writeJSON(struct {
			Type string `json:"type"`
			repository.Change
		}{"change", c})
	}
	_, err := fmt.Fprintf(a.stdout, "%-10s  %s  (%s, was %s)\n", c.What, format.Clean(c.Path), format.Bytes(c.After), format.Bytes(c.Before))
	return err
}
