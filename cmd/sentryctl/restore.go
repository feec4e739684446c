package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
)

const restoreWorkflow = "restore"

type restoreOptions struct {
	backupOptions
	volumes        []string
	configOnly     bool
	keepOld        bool
	keepHost       bool
	bind, url      string
	installVersion bool
	force          bool
	to             string
	ignore         []string
	yes            bool
}

func newRestoreCmd(a *app) *cobra.Command {
	var o restoreOptions
	cmd := &cobra.Command{
		Use:   "restore [BACKUP]",
		Short: "Bring a site back from a backup (default: the newest)",
		Long: `Bring a site back from a backup, into the site that it was made of or onto a
machine that has none.

The backup is written into new volumes beside those in use. Then the services
stop, the volumes change places, Kafka's consumer groups are set to where the
backup's data ends, and the services start. What was replaced goes only when
the front door has answered. A restore that was cut short goes on when the same
command is given again, or with "sentryctl resume".

Where another version of Sentry runs than the backup's, the backup's version is
installed in its place, after a question or with --install-version: its images
come first, while the other one still serves.`,
		Example: `  sentryctl restore --yes
  sentryctl restore 20260101T033000Z --volume sentry-postgres
  sentryctl restore 20260101T033000Z --install-version --keep-host --yes
  sentryctl restore --to /tmp/look --volume sentry-data
  sentryctl restore --repo /srv/backup --site /opt/sentry --bind 127.0.0.1:9000 --yes`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runRestore(cmd.Context(), o, append(args, "")[0])
		},
	}
	o.flags(cmd)
	f := cmd.Flags()
	f.StringSliceVar(&o.volumes, "volume", nil, "bring back only this volume")
	f.BoolVar(&o.configOnly, "config-only", false, "bring back only the site's files")
	f.BoolVar(&o.keepOld, "keep-old", false, "keep what is replaced")
	f.BoolVar(&o.keepHost, "keep-host", false, "keep bind address and URL of the site that is replaced")
	f.StringVar(&o.bind, "bind", "", "port, or address and port, to publish (default: as the backup says)")
	f.StringVar(&o.url, "url", "", "address under which browsers reach this Sentry (default: as the backup says)")
	f.BoolVar(&o.installVersion, "install-version", false, "install the backup's version where another one runs")
	f.BoolVar(&o.force, "force", false, "do not look whether there is room")
	f.StringVar(&o.to, "to", "", "write into this empty directory, and touch nothing else")
	f.StringSliceVar(&o.ignore, "ignore", nil, "preflight check to ignore where a version is installed: install's --ignore")
	f.BoolVar(&o.yes, "yes", false, "do not ask")
	return cmd
}

// restoring is one restore as the command line has it.
type restoring struct {
	options    restoreOptions
	site       *site.Site
	access     repository.Access
	repository *repository.Repository
	set        backup.Set
	asked      backup.Asked
	under      bool        // it was begun before and goes on
	torn       bool        // the site's files may be half written
	record     site.Record // of the site as it is; zero where there is none
}

// valid refuses what needs no look at anything.
func (o restoreOptions) valid() error {
	about := o.bind != "" || o.url != "" || o.keepHost
	switch {
	case o.configOnly && len(o.volumes) > 0:
		return fault.New(fault.Usage, "Give --config-only or --volume", "the site's files alone or volumes alone: --config-only and --volume exclude each other")
	case o.to != "" && (about || o.keepOld || o.installVersion):
		return fault.New(fault.Usage, "Leave them away", "--to touches no site, so --keep-old, --keep-host, --bind, --url and --install-version mean nothing")
	case len(o.volumes) > 0 && about:
		return fault.New(fault.Usage, "Leave them away", "--bind, --url and --keep-host are about the site's files, which --volume leaves alone")
	}
	_, _, err := config.ReadAnswersOver(config.Answers{}, "", installOptions{bind: o.bind, url: o.url}.sets(), nil)
	return err
}

func (a *app) runRestore(ctx context.Context, o restoreOptions, id string) (err error) {
	if err := o.valid(); err != nil {
		return err
	}
	if o.passwordFile != "" { // whoever resumes is elsewhere
		if o.passwordFile, err = filepath.Abs(o.passwordFile); err != nil {
			return fmt.Errorf("find the password file: %w", err)
		}
	}
	s, err := site.At(o.site)
	if err != nil {
		return err
	}
	note, under, err := backup.ReadRestoring(s)
	if err != nil {
		return err
	}
	if under && id == "" {
		id = note.Set // newer backups may have been made since
	}
	acc, err := o.access(a, s)
	if err != nil {
		return err
	}
	hide(a.masks.Add, acc)
	open := acc
	if !s.Exists() { // nothing is made there before all is known
		if open.Dir, err = os.MkdirTemp("", "sentryctl-restore-"); err != nil {
			return fmt.Errorf("make a scratch directory: %w", err)
		}
		defer os.RemoveAll(open.Dir)
	}
	rep, err := repository.Open(ctx, open)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rep.Close(context.WithoutCancel(ctx))) }()
	r := restoring{options: o, site: s, access: acc, repository: rep}
	project := ""
	if s.Exists() {
		if r.record, err = s.ReadRecord(); err != nil {
			return err
		}
		project = r.record.Project
	}
	if r.set, err = a.pick(ctx, rep, project, id); err != nil {
		return err
	}
	if o.to != "" {
		return a.lookInto(ctx, r)
	}
	if err := r.decide(note, under); err != nil {
		return err
	}
	return a.bringBack(ctx, r)
}

// pick finds a backup of a site, the newest for no ID, and warns when a newer
// one is damaged.
func (a *app) pick(ctx context.Context, rep *repository.Repository, project, id string) (backup.Set, error) {
	sets, damaged, err := backup.ListAll(ctx, rep, project)
	if err != nil {
		return backup.Set{}, err
	}
	if err := oneSite(sets, id); err != nil {
		return backup.Set{}, err
	}
	set, warning, err := backup.Pick(sets, damaged, id)
	if warning != "" {
		a.warn(warning)
	}
	return set, err
}

// oneSite refuses to choose among the backups of several sites.
func oneSite(sets []backup.Set, id string) error {
	newest := map[string]string{}
	for _, s := range sets {
		newest[s.Site] = s.ID()
	}
	if id != "" && id != "latest" || len(newest) < 2 {
		return nil
	}
	var list []string
	for _, name := range slices.Sorted(maps.Keys(newest)) {
		list = append(list, newest[name]+" of "+name)
	}
	return fault.New(fault.Usage, "Name one; the newest are: "+strings.Join(list, ", "), "the repository holds backups of %d sites", len(newest))
}

// decide says what kind of restore it is, and whether it goes on with one that
// was cut short.
func (r *restoring) decide(note backup.Restoring, under bool) error {
	o := r.options
	r.asked = backup.Asked{Kind: backup.Same, Volumes: o.volumes, ConfigOnly: o.configOnly, KeepOld: o.keepOld, Force: o.force,
		Bind: o.bind, URL: o.url, Ignore: o.ignore, Repo: r.access.Target.String(), PasswordFile: o.passwordFile}
	switch {
	case under && note.Set == r.set.ID():
		r.asked.Kind = note.Kind
	case !r.site.Exists() || under && note.Kind == backup.Clean:
		r.asked.Kind = backup.Clean
	case r.record.Version.String() != r.set.Version:
		r.asked.Kind = backup.Other
	}
	if r.asked.Kind == backup.Other {
		r.asked.From = r.record.Version.String()
		if err := outside(r.access.Target, r.site); err != nil {
			return err
		}
	}
	if under && note.Is(r.set.ID(), r.asked) {
		note.Force, note.KeepOld = note.Force || o.force, note.KeepOld || o.keepOld
		r.asked, r.under = note.Asked, true
		r.torn = note.ConfigOnly || note.Swapping && len(note.Volumes) == 0
		return nil
	}
	if under {
		if err := note.Held(r.site); err != nil {
			return err
		}
	}
	part := o.configOnly || len(o.volumes) > 0
	switch {
	case part && r.asked.Kind == backup.Clean:
		return fault.New(fault.Usage, "Restore all of it, or look at files with --to", "there is no site in %s that a part of a backup could go to", r.site.Dir)
	case part && r.asked.Kind == backup.Other:
		return fault.New(fault.UpgradeBlocked, "Restore all of it, or look at files with --to", "backup %s is of Sentry %s, and a part of it is of no use to %s",
			r.set.ID(), r.set.Version, r.record.Version)
	case o.keepHost && r.asked.Kind == backup.Clean:
		return fault.New(fault.Usage, "Give --bind and --url", "there is no site in %s whose bind address and URL could be kept", r.site.Dir)
	}
	return nil
}

// lookInto writes files for a person to look at.
func (a *app) lookInto(ctx context.Context, r restoring) error {
	o := r.options
	look := backup.Look{Repository: r.repository, Set: r.set, Dir: o.to, Volumes: o.volumes, ConfigOnly: o.configOnly, Force: o.force}
	if err := look.Write(ctx); err != nil {
		return err
	}
	return a.tellRestored(r.set, o.to)
}

func (a *app) tellRestored(s backup.Set, where string) error {
	if a.jsonOut() {
		return a.writeJSON(struct {
			Type   string `json:"type"`
			Backup string `json:"backup"`
			To     string `json:"to"`
		}{"result", s.ID(), where})
	}
	_, err := fmt.Fprintf(a.stdout, "Backup %s of Sentry %s is restored in %s.\n", s.ID(), s.Version, where)
	return err
}
