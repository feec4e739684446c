package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/stack"
	"github.com/sentryctl/sentryctl/internal/step"
)

const restoreWorkflow = "restore"

type restoreOptions struct {
	backupOptions
	volumes    []string
	configOnly bool
	keepOld    bool
	force      bool
	to         string
	ignore     []string
	yes        bool
}

func newRestoreCmd(a *app) *cobra.Command {
	var o restoreOptions
	cmd := &cobra.Command{
		Use:   "restore [BACKUP]",
		Short: "Bring a site back from a backup (default: the newest)",
		Long: `Bring a site back from a backup, into the site that it was made of or onto a
machine that has none.

The backup is written into new volumes beside those in use. Then the services
stop, the volumes change places, and the services start. What was replaced goes
only when the front door has answered. A restore that was cut short goes on
when the same command is given again.

A site that runs another version of Sentry than the backup's is refused.`,
		Example: `  sentryctl restore --yes
  sentryctl restore 20260101T033000Z --volume sentry-postgres
  sentryctl restore --to /tmp/look --volume sentry-data
  sentryctl restore --repo /srv/backup --site /opt/sentry --yes`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id := ""
			if len(args) > 0 {
				id = args[0]
			}
			return a.runRestore(cmd.Context(), o, id)
		},
	}
	o.flags(cmd)
	f := cmd.Flags()
	f.StringSliceVar(&o.volumes, "volume", nil, "bring back only this volume")
	f.BoolVar(&o.configOnly, "config-only", false, "bring back only the site's files")
	f.BoolVar(&o.keepOld, "keep-old", false, "keep what is replaced")
	f.BoolVar(&o.force, "force", false, "do not look whether there is room")
	f.StringVar(&o.to, "to", "", "write into this empty directory, and touch nothing else")
	f.StringSliceVar(&o.ignore, "ignore", nil, "preflight check to ignore where there was no site: install's --ignore")
	f.BoolVar(&o.yes, "yes", false, "do not ask")
	cmd.MarkFlagsMutuallyExclusive("config-only", "volume")
	return cmd
}

func (a *app) runRestore(ctx context.Context, o restoreOptions, id string) (err error) {
	s, err := site.At(o.site)
	if err != nil {
		return err
	}
	acc, err := o.access(a, s)
	if err != nil {
		return err
	}
	hide(a.masks.Add, acc)
	fresh := !s.Exists() || exists(freshMark(s))
	if fresh && o.to != "" {
		if acc.Dir, err = os.MkdirTemp("", "sentryctl-restore-"); err != nil {
			return fmt.Errorf("make a scratch directory: %w", err)
		}
		defer os.RemoveAll(acc.Dir)
	}
	rep, err := repository.Open(ctx, acc)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rep.Close(context.WithoutCancel(ctx))) }()
	project := ""
	if rec, recErr := s.ReadRecord(); recErr == nil {
		project = rec.Project
	}
	sets, err := backup.List(ctx, rep, project)
	if err != nil {
		return err
	}
	set, err := backup.Find(sets, id)
	if err != nil {
		return err
	}
	if o.to != "" {
		return a.lookInto(ctx, rep, set, o)
	}
	return a.bringBack(ctx, restoring{options: o, site: s, access: acc, repository: rep, set: set, fresh: fresh})
}

// lookInto writes files for a person to look at.
func (a *app) lookInto(ctx context.Context, rep *repository.Repository, set backup.Set, o restoreOptions) error {
	if err := backup.RestoreTo(ctx, rep, set, o.to, o.volumes, o.configOnly); err != nil {
		return err
	}
	return a.tellRestored(set, o.to)
}

// restoring is one restore as the command line has it.
type restoring struct {
	options    restoreOptions
	site       *site.Site
	access     repository.Access
	repository *repository.Repository
	set        backup.Set
	fresh      bool
}

func (a *app) bringBack(ctx context.Context, r restoring) error {
	if err := a.agree(ctx, r); err != nil {
		return err
	}
	if err := r.site.Create(); err != nil {
		return err
	}
	unlock, err := r.site.Lock("sentryctl restore " + r.set.ID() + " --site " + r.site.Dir)
	if err != nil {
		return err
	}
	release := sync.OnceValue(unlock)
	defer release()
	if r.fresh {
		if err := site.WriteFile(freshMark(r.site), nil, 0o600); err != nil {
			return err
		}
		if err := backup.PlaceSite(ctx, r.repository, r.set, r.site.Dir, nil); err != nil {
			return err
		}
		if err := (backupInitOptions{backupOptions: r.options.backupOptions}).remember(r.site, r.access); err != nil {
			return err
		}
	}
	if err := a.carryOutRestore(ctx, r); err != nil {
		return err
	}
	if !r.fresh {
		return a.tellRestored(r.set, r.site.Dir)
	}
	if err := release(); err != nil {
		return fmt.Errorf("give the lock back: %w", err)
	}
	_, rec, err := site.Open(r.site.Dir)
	if err != nil {
		return err
	}
	err = a.runInstall(ctx, installOptions{
		site: r.site.Dir, version: rec.Version.String(), source: r.site.ReleaseDir(rec.Version), ignore: r.options.ignore, yes: true, acceptAvoided: true,
	})
	if err != nil {
		return err
	}
	// Until here a run that goes on finds the marks of this one on the volumes.
	if err := backup.ForgetRestore(r.site); err != nil {
		return err
	}
	if err := os.Remove(freshMark(r.site)); err != nil {
		return fmt.Errorf("remove the mark of a new site: %w", err)
	}
	return nil
}

// freshMark is a file that is there while a site is made out of a backup: a
// run that goes on must not take what is half there for a site.
func freshMark(s *site.Site) string { return s.Own("backup", "fresh") }

// agree refuses another version, and asks.
func (a *app) agree(ctx context.Context, r restoring) error {
	if !r.fresh {
		rec, err := r.site.ReadRecord()
		if err != nil {
			return err
		}
		if rec.Version.String() != r.set.Version {
			return fault.New(fault.UpgradeBlocked, "Install that version first: sentryctl install --version "+r.set.Version+" --site "+r.site.Dir,
				"backup %s is of Sentry %s, and %s runs %s", r.set.ID(), r.set.Version, r.site.Dir, rec.Version)
		}
	}
	if r.options.yes {
		return nil
	}
	ok, err := a.confirm(ctx, fmt.Sprintf("Replace what is in %s by backup %s of %s?", r.site.Dir, r.set.ID(), r.set.Begun.Local().Format(time.DateTime)), false)
	if err == nil && !ok {
		err = fault.New(fault.Cancelled, "Run it again when it suits", "nothing was changed")
	}
	return err
}

func (a *app) carryOutRestore(ctx context.Context, r restoring) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	sink, hush := a.sink(ctx, cancel)
	done := sync.OnceValue(hush)
	defer done()
	hide(sink.Add, r.access)
	if err := wakeSite(ctx, r.site); err != nil {
		return err
	}
	rec, err := r.site.ReadRecord()
	if err != nil {
		return err
	}
	engine, err := stack.Connect(ctx)
	if err != nil {
		return err
	}
	defer engine.Close()
	project, err := stack.Load(ctx, stack.LoadOptions{Dir: r.site.Dir})
	if err != nil {
		return err
	}
	st := engine.Stack(project, sink)
	door, err := doorOf(rec, st)
	if err != nil {
		return err
	}
	env := &backup.RestoreEnv{
		Access: r.access, Roots: trustedRoots(r.access.Target), Repository: r.repository, Set: r.set, Volumes: r.options.volumes,
		ConfigOnly: r.options.configOnly, KeepOld: r.options.keepOld, Force: r.options.force, NoStart: r.fresh, Fresh: r.fresh,
		Site: r.site, Stack: st, FrontDoor: door, Sink: sink, Now: time.Now,
	}
	if err := a.takeRestoreSteps(ctx, env, rec, sink.Redact); err != nil {
		return err
	}
	return done()
}

func (a *app) takeRestoreSteps(ctx context.Context, env *backup.RestoreEnv, rec site.Record, mask func(string) string) error {
	h := step.Header{Run: site.NewRunID(env.Now(), restoreWorkflow), Workflow: restoreWorkflow, Version: rec.Version.String(), Tool: readVersion().Version,
		Command: []string{"sentryctl", "restore", env.Set.ID(), "--site", env.Site.Dir}}
	for _, s := range backup.RestoreSteps() {
		h.Steps = append(h.Steps, s.ID)
	}
	if last, unfinished, err := env.Site.Unfinished(); err != nil {
		return err
	} else if was, ok := step.HeaderOf(last.Records); unfinished && ok && was.Workflow == restoreWorkflow {
		h.Run = last.ID
	}
	journal, err := env.Site.OpenRun(h.Run)
	if err != nil {
		return err
	}
	defer journal.Close()
	runner := step.Runner[*backup.RestoreEnv]{Log: journal, Sink: env.Sink, Site: env.Site.Dir, Now: time.Now, Redact: mask}
	if _, err := runner.Run(ctx, env, h, backup.RestoreSteps()); err != nil {
		return err
	}
	if env.Fresh {
		return nil // the install that follows is part of it
	}
	return env.Done()
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
