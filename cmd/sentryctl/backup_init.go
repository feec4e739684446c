package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
)

type backupInitOptions struct {
	backupOptions
	sheet string
	ours  bool
}

func newBackupInitCmd(a *app) *cobra.Command {
	var o backupInitOptions
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Make a repository for backups, or take one into use",
		Long: `Make a repository for backups, or take one into use that is there already.

Without its password nothing in it can ever be read again. Keep it in a place
that does not go down together with this machine. --recovery-sheet writes a
page to print, with room for the password.

Backups are told apart by the name of the site's compose project. One that is
there already under this name may be another machine's, whose backups this one
would count, and remove, as its own: --ours says that they are this site's.`,
		Example: `  sentryctl backup init --repo /srv/backup --password-file /root/backup-password
  sentryctl backup init --repo 's3://bucket/sentry?endpoint=s3.example.com&region=eu'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runBackupInit(cmd.Context(), o) },
	}
	o.flags(cmd)
	cmd.Flags().StringVar(&o.sheet, "recovery-sheet", "", "write a page to print to this file")
	cmd.Flags().BoolVar(&o.ours, "ours", false, "backups that are there under this site's name are its own")
	return cmd
}

func (a *app) runBackupInit(ctx context.Context, o backupInitOptions) error {
	s, rec, err := site.Open(o.site)
	if err != nil {
		return err
	}
	if o.repo == "" {
		return fault.New(fault.Usage, "Add --repo, as in: sentryctl backup init --repo /srv/backup", "it is not said where the repository is to be")
	}
	acc, err := o.access(a, s)
	if err == nil {
		err = outside(acc.Target, s)
	}
	if err != nil {
		return err
	}
	hide(a.masks.Add, acc)
	was, err := readRepositoryRecord(s)
	if err != nil {
		return err
	}
	others := ""
	if !o.ours && was.Repo != acc.Target.String() {
		others = rec.Project
	}
	known, err := takeIntoUse(ctx, acc, others)
	if err != nil {
		return err
	}
	if err := o.remember(s, acc); err != nil {
		return err
	}
	if o.sheet != "" {
		if err := site.WriteFile(o.sheet, []byte(recoverySheet(rec, acc.Target, time.Now())), 0o600); err != nil {
			return err
		}
	}
	return a.tellInit(acc.Target, known)
}

// nobodyElses refuses backups of the same name, which may be another machine's: each
// would keep, prune and restore the other's as its own.
func nobodyElses(ctx context.Context, rep *repository.Repository, project string) error {
	sets, damaged, err := backup.ListAll(ctx, rep, project)
	if err != nil || len(sets)+len(damaged) == 0 {
		return err
	}
	return fault.New(fault.Usage, "Choose a folder, or a prefix in the bucket, for each machine; if they are this site's own, say so: --ours",
		"the repository holds %d backups of a site named %s too", len(sets)+len(damaged), project)
}

// takeIntoUse makes the repository. One that is there already, and has this
// password, will do, unless it has backups of the project named, if one is.
func takeIntoUse(ctx context.Context, acc repository.Access, others string) (known bool, err error) {
	made := repository.Init(ctx, acc)
	if made == nil {
		return false, nil
	}
	if fault.CodeOf(made) != fault.Usage || acc.Password == "" {
		return false, made
	}
	rep, err := repository.Open(ctx, acc)
	if err != nil {
		return false, err
	}
	if others != "" {
		err = nobodyElses(ctx, rep, others)
	}
	return true, errors.Join(err, rep.Close(ctx))
}

func (o backupInitOptions) remember(s *site.Site, acc repository.Access) error {
	r := repositoryRecord{Repo: acc.Target.String()}
	if o.passwordFile != "" {
		path, err := filepath.Abs(o.passwordFile)
		if err != nil {
			return fmt.Errorf("find the password file: %w", err)
		}
		r.PasswordFile = path
	}
	data, err := yaml.Marshal(r)
	if err != nil {
		return fmt.Errorf("encode where the backups are: %w", err)
	}
	return site.WriteFile(repositoryRecordPath(s), data, 0o600)
}

func (a *app) tellInit(t repository.Target, known bool) error {
	if a.jsonOut() {
		return a.writeJSON(struct {
			Type  string `json:"type"`
			Repo  string `json:"repo"`
			Known bool   `json:"known"`
		}{"result", t.String(), known})
	}
	done := "Made the repository"
	if known {
		done = "Took the repository into use:"
	}
	_, err := fmt.Fprintf(a.stdout, `%s %s.

Keep its password in a place that does not go down together with this machine:
without it nothing in the repository can ever be read again.

Next: sentryctl backup
`, done, t)
	return err
}

// recoverySheet is a page to print. The password is written in by hand.
func recoverySheet(rec site.Record, t repository.Target, now time.Time) string {
	return fmt.Sprintf(`RECOVERY SHEET for the backups of Sentry
========================================

Made on      %s
Site         %s, Sentry %s
Repository   %s

Password     ______________________________________________________

Credentials of the place (keys, user, …)

             ______________________________________________________

             ______________________________________________________

To bring the site back on a new machine
  1. Install Docker and sentryctl.
  2. sentryctl restore --repo '%s'

Without sentryctl
  The repository is in the format of kopia (https://kopia.io):
  connect to it with that tool and this password, then: kopia snapshot list --all
`, now.Format(time.DateOnly), rec.Project, rec.Version, t, t)
}
