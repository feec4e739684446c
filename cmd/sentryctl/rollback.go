package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/step"
	"github.com/sentryctl/sentryctl/internal/upgrade"
)

const rollbackWorkflow = "rollback"

type rollbackOptions struct {
	backupOptions
	yes bool
}

func newRollbackCmd(a *app) *cobra.Command {
	var o rollbackOptions
	cmd := &cobra.Command{
		Use:   "rollback",
		Short: "Take the last hop of an upgrade back, data included",
		Long: `Take the last hop of an upgrade back, data included: the former release's files,
configuration and images, and the data of the checkpoint that was made when its
services had stopped. Then the former release has to prove that it works.

What has happened on the site since that hop is lost. A hop that failed by
itself has been taken back already, unless --no-rollback was given.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runRollback(cmd.Context(), o) },
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&o.yes, "yes", false, "do not ask")
	return cmd
}

func (a *app) runRollback(ctx context.Context, o rollbackOptions) error {
	s, rec, err := site.Open(o.site)
	if err != nil {
		return err
	}
	last, unfinished, err := s.Unfinished()
	if err != nil {
		return err
	}
	header, _ := step.HeaderOf(last.Records)
	var b upgrade.Begun
	if found, err := upgrade.ReadNote(s, &b); err != nil {
		return err
	} else if !found {
		return fault.New(fault.Usage, "Restore a backup: sentryctl backup list", "no upgrade was made in %s", s.Dir)
	}
	back := upgrade.Back{Data: true}
	switch {
	case unfinished && header.Workflow == rollbackWorkflow:
		return a.resumeRollback(ctx, o.backupOptions, s)
	case unfinished && header.Workflow == upgradeWorkflow && last.ID == b.Run:
		far := upgrade.HowFar(b.Hop, last.Records)
		back.Failed, back.Data = far != upgrade.Recorded, far >= upgrade.NoReturn
	case unfinished:
		return fault.New(fault.Resumable, "Finish it first: sentryctl resume --site "+s.Dir, "%s %s did not come to its end", header.Workflow, last.ID)
	case rec.Version != b.Hop.To:
		if b, err = hopBefore(s, rec, b); err != nil {
			return err
		}
	}
	back.Hop, back.Set = b.Run, b.Set
	if !o.yes {
		question := fmt.Sprintf("Take %s back from %s to %s? What has happened since the upgrade is lost.", s.Dir, b.Hop.To, b.Hop.From)
		if ok, err := a.confirm(ctx, question, false); err != nil {
			return err
		} else if !ok {
			return fault.New(fault.Cancelled, "Run it again when it suits", "nothing was changed")
		}
	}
	return a.takeBack(ctx, o.backupOptions, s, b, back)
}

// hopBefore is the last hop that went well where the one that was noted after it
// did not begin: what it replaced is still there.
func hopBefore(s *site.Site, rec site.Record, noted upgrade.Begun) (upgrade.Begun, error) {
	p, found, err := upgrade.ReadPlaced(s)
	if err != nil {
		return noted, err
	}
	if !found || p.To != rec.Version {
		return noted, fault.New(fault.Usage, "Restore a backup: sentryctl backup list", "the site is at %s, and the last hop, to %s, has been taken back", rec.Version, noted.Hop.To)
	}
	return upgrade.Begun{Run: p.Run, Set: p.Set, Hop: upgrade.Hop{From: p.From, To: p.To}, Repo: noted.Repo, PasswordFile: noted.PasswordFile}, nil
}

// resumeRollback goes on with a rollback that was cut short.
func (a *app) resumeRollback(ctx context.Context, o backupOptions, s *site.Site) error {
	var b upgrade.Begun
	var back upgrade.Back
	foundHop, err := upgrade.ReadNote(s, &b)
	if err != nil {
		return err
	}
	found, err := upgrade.ReadNote(s, &back)
	if err != nil {
		return err
	}
	if !found || !foundHop || back.Hop != b.Run {
		return fault.New(fault.Integrity, "Restore a backup: sentryctl backup list", "the note of the rollback under way is gone")
	}
	return a.takeBack(ctx, o, s, b, back)
}

// takeBack carries a rollback out that an admin has asked for.
func (a *app) takeBack(ctx context.Context, o backupOptions, s *site.Site, b upgrade.Begun, back upgrade.Back) error {
	unlock, err := s.Lock("sentryctl rollback --site " + s.Dir)
	if err != nil {
		return err
	}
	defer unlock()
	acc, err := a.checkpointAccess(s, o, b)
	if err != nil {
		return err
	}
	r, ctx, done, err := a.newHopRun(ctx, s, acc, b)
	if err != nil {
		return err
	}
	defer done()
	set, err := r.seeCheckpoint(ctx, back)
	if err == nil {
		if err := r.seeVolumes(ctx, set); err != nil {
			return err
		}
		err = r.goBack(ctx, back, func() error { return finishRun(s, b.Run) })
	}
	again := "sentryctl rollback --site " + s.Dir
	switch {
	case ctx.Err() != nil:
		return fault.New(fault.Cancelled, "Go on: "+again, "%w", err)
	case err != nil:
		return r.stranded(ctx, back, again, err)
	}
	if err := done(); err != nil {
		return err
	}
	if a.jsonOut() {
		return a.writeJSON(struct {
			Type    string `json:"type"`
			Site    string `json:"site"`
			Version string `json:"version"`
		}{"result", s.Dir, b.Hop.From.String()})
	}
	_, err = fmt.Fprintf(a.stdout, "%s is back at Sentry %s.\n", s.Dir, b.Hop.From)
	return err
}

// seeCheckpoint finds the checkpoint before anything is stopped for it.
func (r *hopRun) seeCheckpoint(ctx context.Context, back upgrade.Back) (set backup.Set, err error) {
	if !back.Data {
		return set, nil
	}
	rep, err := repository.Open(ctx, r.access)
	if err != nil {
		return set, err
	}
	set, err = r.checkpoint(ctx, rep, back.Set)
	return set, errors.Join(err, rep.Close(context.WithoutCancel(ctx)))
}

func (r *hopRun) checkpoint(ctx context.Context, rep *repository.Repository, id string) (set backup.Set, err error) {
	sets, err := backup.List(ctx, rep, r.config.record.Project)
	if err != nil {
		return set, err
	}
	return backup.Find(sets, id)
}

// finishRun closes the journal of a run of which nothing is left to do: a hop that was taken back, a
// backup that failed.
func finishRun(s *site.Site, run string) error {
	journal, err := s.OpenRun(run)
	if err != nil {
		return err
	}
	return errors.Join(finish(journal), journal.Close())
}

// goBack takes the steps back in a run of their own, and measures from outside.
func (r *hopRun) goBack(ctx context.Context, back upgrade.Back, closeHop func() error) (err error) {
	if err := errors.Join(upgrade.DropBallast(r.site), upgrade.WriteNote(r.site, r.begun), upgrade.WriteNote(r.site, back)); err != nil {
		return err
	}
	h := step.Header{Run: site.NewRunID(time.Now(), rollbackWorkflow), Workflow: rollbackWorkflow, Version: r.begun.Hop.From.String(),
		Tool: readVersion().Version, Command: []string{"sentryctl", "rollback", "--site", r.site.Dir}}
	if last, unfinished, err := r.site.Unfinished(); err != nil {
		return err
	} else if was, ok := step.HeaderOf(last.Records); unfinished && ok && was.Workflow == rollbackWorkflow {
		h.Run = last.ID
	}
	journal, err := r.site.OpenRun(h.Run)
	if err != nil {
		return err
	}
	defer journal.Close()
	steps := upgrade.Rest(journal.Records())
	for _, s := range steps {
		h.Steps = append(h.Steps, s.ID)
	}
	var rep *repository.Repository
	defer func() {
		if rep != nil {
			err = errors.Join(err, rep.Close(context.WithoutCancel(ctx)))
		}
	}()
	env, err := r.backEnvironment(back, journal.Records())
	if err != nil {
		return err
	}
	env.Close = closeHop
	env.Restore = func(ctx context.Context) (_ *backup.RestoreEnv, err error) {
		if rep, err = repository.Open(ctx, r.access); err != nil {
			return nil, err
		}
		return r.restoreEnv(ctx, rep, back.Set)
	}
	stop, err := r.watch(ctx)
	if err != nil {
		return err
	}
	runner := step.Runner[*upgrade.BackEnv]{Log: journal, Sink: r.sink, Site: r.site.Dir, Now: time.Now, Redact: r.sink.Redact}
	_, err = runner.Run(ctx, env, h, steps)
	gaps, result := stop(), site.ResultRolledBack
	if err != nil {
		result = site.ResultFailed
	}
	return errors.Join(err, r.site.AppendHistory(site.Outage{Time: time.Now().UTC(), Run: h.Run, Workflow: rollbackWorkflow,
		From: r.begun.Hop.To, To: r.begun.Hop.From, UINS: gaps.UI, IngestNS: gaps.Ingest, Result: result}))
}

// backEnvironment finds what the hop has replaced, and brings the site's files to one
// release. records are those of the way back so far.
func (r *hopRun) backEnvironment(back upgrade.Back, records []step.Record) (*upgrade.BackEnv, error) {
	placed, found, err := upgrade.ReadPlaced(r.site)
	if err != nil {
		return nil, err
	}
	if !found || placed.Run != back.Hop {
		placed = upgrade.Placed{}
	}
	hop, err := step.LoadJournal(r.site.Own("runs", back.Hop+".jsonl"))
	if err != nil {
		return nil, err
	}
	if !upgrade.BackProven(records) {
		if err := upgrade.Settle(r.site, placed, append(slices.Clone(hop), records...), true); err != nil {
			return nil, err
		}
	}
	env := &upgrade.BackEnv{
		Placed: placed, From: r.begun.Hop.From, Renamed: upgrade.Building(hop), Data: back.Data, NewKafka: r.begun.Hop.NewKafka,
		Site: r.site, Sink: r.sink, Gate: r.gate,
		Open: func(ctx context.Context) (upgrade.Stack, error) { return r.project(ctx, r.site.Dir) },
	}
	if back.Failed {
		env.Failed = upgrade.Failed{Run: back.Hop, Mask: r.sink.Redact}
	}
	return env, nil
}

// restoreEnv wires the steps of a restore to the site with its former files.
func (r *hopRun) restoreEnv(ctx context.Context, rep *repository.Repository, id string) (*backup.RestoreEnv, error) {
	st, err := r.project(ctx, r.site.Dir)
	if err != nil {
		return nil, err
	}
	set, err := r.checkpoint(ctx, rep, id)
	if err != nil {
		return nil, err
	}
	door, err := doorOf(r.config.record, st.Stack)
	if err != nil {
		return nil, err
	}
	return &backup.RestoreEnv{
		Access: r.access, Roots: trustedRoots(r.access.Target), Repository: rep, Set: set, NoStart: true, Groups: true,
		Site: r.site, Stack: st, FrontDoor: door, Sink: r.sink, Now: time.Now,
	}, nil
}
