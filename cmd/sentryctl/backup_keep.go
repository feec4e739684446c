package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
)

type backupForgetOptions struct {
	backupOptions
	keep   backup.Retention
	dryRun bool
}

func newBackupForgetCmd(a *app) *cobra.Command {
	var o backupForgetOptions
	cmd := &cobra.Command{
		Use:   "forget [BACKUP…]",
		Short: "Remove the named backups, or those that no --keep rule keeps",
		Long: `Remove the named backups, or those that no --keep rule keeps. The newest good
backup always stays, and so does a damaged one that is not named. The room that
they took is freed by "backup prune".`,
		Example: `  sentryctl backup forget --keep-daily 7 --keep-weekly 4 --keep-monthly 12 --dry-run`,
		RunE:    func(cmd *cobra.Command, args []string) error { return a.runBackupForget(cmd.Context(), o, args) },
	}
	o.flags(cmd)
	keepFlags(cmd, &o.keep)
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "say what would go, and remove nothing")
	return cmd
}

// keepFlag is one rule of retention on a command line.
type keepFlag struct {
	name, help string
	number     *int
}

func keepFlagsOf(r *backup.Retention) []keepFlag {
	return []keepFlag{
		{"keep-last", "keep this many of the newest", &r.Last},
		{"keep-hourly", "keep the newest of this many hours", &r.Hourly},
		{"keep-daily", "keep the newest of this many days", &r.Daily},
		{"keep-weekly", "keep the newest of this many weeks", &r.Weekly},
		{"keep-monthly", "keep the newest of this many months", &r.Monthly},
		{"keep-yearly", "keep the newest of this many years", &r.Yearly},
	}
}

func keepFlags(cmd *cobra.Command, r *backup.Retention) {
	for _, k := range keepFlagsOf(r) {
		cmd.Flags().IntVar(k.number, k.name, 0, k.help)
	}
}

// keepArgs are the arguments that say the same.
func keepArgs(r backup.Retention) (args []string) {
	for _, k := range keepFlagsOf(&r) {
		if *k.number > 0 {
			args = append(args, "--"+k.name, strconv.Itoa(*k.number))
		}
	}
	return args
}

func (a *app) runBackupForget(ctx context.Context, o backupForgetOptions, names []string) error {
	if o.keep.IsZero() == (len(names) == 0) {
		return fault.New(fault.Usage, "Name backups, or give rules such as --keep-daily 7, not both", "it is not said which backups are to go")
	}
	if err := o.keep.Check(); err != nil {
		return err
	}
	unlock, err := lockSite(o.site, "sentryctl backup forget")
	if err != nil {
		return err
	}
	defer unlock()
	return a.withRepository(ctx, o.backupOptions, func(rep *repository.Repository, rec site.Record) error {
		sets, damaged, err := backup.ListAll(ctx, rep, rec.Project)
		if err != nil {
			return err
		}
		kept, err := o.decide(sets, damaged, names)
		if err != nil {
			return err
		}
		stays := func(id string) bool {
			return !slices.ContainsFunc(kept, func(k backup.Kept) bool { return k.ID == id && !k.Stays() })
		}
		if !o.dryRun {
			sets = slices.DeleteFunc(sets, func(s backup.Set) bool { return stays(s.ID()) })
			damaged = slices.DeleteFunc(damaged, func(d backup.Damaged) bool { return stays(d.ID) })
			if err := errors.Join(backup.Forget(ctx, rep, sets...), backup.ForgetDamaged(ctx, rep, damaged...)); err != nil {
				return err
			}
		}
		return a.tellKept(kept, o.dryRun)
	})
}

// decide says which stay. All good ones cannot be named; a damaged one goes
// only by its name.
func (o backupForgetOptions) decide(sets []backup.Set, damaged []backup.Damaged, names []string) ([]backup.Kept, error) {
	var dated []backup.Dated
	for _, s := range sets {
		dated = append(dated, s.Dated())
	}
	if len(names) == 0 {
		return o.keep.Apply(dated), nil
	}
	var all []backup.Set // the good ones last, as Find takes the last for the newest
	for _, d := range damaged {
		if d.ID != "" {
			dated, all = append(dated, d.Dated()), append(all, backup.Set{Manifest: backup.Manifest{Set: d.ID}})
		}
	}
	all = append(all, sets...)
	kept := backup.Retention{}.Apply(dated)
	for _, name := range names {
		s, err := backup.Find(all, name)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(kept, func(k backup.Kept) bool { return k.ID == s.ID() })
		kept[i].Reasons = nil
	}
	left := func(s backup.Set) bool {
		return slices.ContainsFunc(kept, func(k backup.Kept) bool { return k.ID == s.ID() && k.Stays() })
	}
	if len(sets) > 0 && !slices.ContainsFunc(sets, left) {
		return nil, fault.New(fault.Usage, "Keep one of them, or remove the repository itself", "no backup that can be read would be left")
	}
	return kept, nil
}

func (a *app) tellKept(kept []backup.Kept, dry bool) error {
	if a.jsonOut() {
		return a.writeJSON(struct {
			Type   string        `json:"type"`
			DryRun bool          `json:"dry_run"`
			Backup []backup.Kept `json:"backups"`
		}{"result", dry, kept})
	}
	goes := map[bool]string{false: "removed", true: "would go"}[dry]
	for _, k := range kept {
		what := "stays: " + strings.Join(k.Reasons, ", ")
		if !k.Stays() {
			what = goes
		}
		if _, err := fmt.Fprintf(a.stdout, "%s  %s\n", k.ID, what); err != nil {
			return err
		}
	}
	return nil
}

func newBackupPruneCmd(a *app) *cobra.Command {
	var o backupOptions
	var quick bool
	cmd := &cobra.Command{
		Use:   "prune",
		Short: "Free what no backup needs any more",
		Long: `Free what no backup needs any more, and tidy the repository. What was written
within the last day stays until the next time, as another machine may be in the
middle of a backup.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runBackupPrune(cmd.Context(), o, !quick) },
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&quick, "quick", false, "only tidy the index")
	return cmd
}

func (a *app) runBackupPrune(ctx context.Context, o backupOptions, full bool) error {
	unlock, err := lockSite(o.site, "sentryctl backup prune")
	if err != nil {
		return err
	}
	defer unlock()
	return a.withRepository(ctx, o, func(rep *repository.Repository, rec site.Record) error {
		before, err := rep.Size(ctx)
		if err != nil {
			return err
		}
		orphans, err := backup.Orphans(ctx, rep, rec.Project)
		if err != nil {
			return err
		}
		if err := rep.Maintain(ctx, full); err != nil {
			return err
		}
		after, err := rep.Size(ctx)
		if err != nil {
			return err
		}
		return a.tellPrune(before, after, orphans)
	})
}

func lockSite(dir, command string) (func() error, error) {
	s, _, err := site.Open(dir)
	if err != nil {
		return nil, err
	}
	return s.Lock(command + " --site " + s.Dir)
}
