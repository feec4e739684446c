package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/health"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/stack"
	"github.com/sentryctl/sentryctl/internal/step"
	"github.com/sentryctl/sentryctl/internal/ui/redact"
)

// bringBack is the part that changes the machine, after all has been checked
// and agreed to.
func (a *app) bringBack(ctx context.Context, r restoring) error {
	if err := r.keepHost(ctx); err != nil {
		return err
	}
	if err := r.gone(ctx); err != nil {
		return err
	}
	if err := a.check(ctx, r); err != nil {
		return err
	}
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
	if err := r.place(ctx); err != nil {
		return err
	}
	env, err := a.carryOutRestore(ctx, r)
	if err != nil {
		return err
	}
	if r.asked.Kind == backup.Same {
		if err := r.rememberRepository(); err != nil {
			return err
		}
		return errors.Join(a.tellRestored(r.set, r.site.Dir), env.Lacks())
	}
	if err := release(); err != nil {
		return fmt.Errorf("give the lock back: %w", err)
	}
	return a.installRestored(ctx, r)
}

// place puts the site's files where they are needed before the volumes come.
func (r restoring) place(ctx context.Context) error {
	switch r.asked.Kind {
	case backup.Clean:
		return r.placeClean(ctx)
	case backup.Other:
		if exists(backup.IncomingDir(r.site)) && exists(backup.ReplacedDir(r.site)) {
			return backup.Exchange(r.site) // it was cut short, and no project can be read before it is done
		}
		return backup.StageSite(ctx, r.repository, r.set, r.site)
	case backup.Same:
		if u, err := restoreUnder(r.site, r.set.ID(), r.asked); err != nil || !r.torn || u.proven {
			return err // what was changed since then stays
		}
		return backup.PlaceOver(ctx, r.repository, r.set, r.site) // no project can be read of files that are half there
	}
	return nil
}

// under is the newest run of a restore, and how the one that is asked for stands to it.
type under struct {
	run    string
	goesOn bool // it was cut short, or was killed before it could say that it had come to its end
	proven bool // and the site has proven to work
	left   bool // it is another's that has proven to work, and was cut short: nothing is left of it
}

func restoreUnder(s *site.Site, set string, asked backup.Asked) (u under, err error) {
	runs, err := s.Runs()
	if err != nil {
		return u, err
	}
	note, noted, err := backup.ReadRestoring(s)
	if err != nil {
		return u, err
	}
	for _, r := range slices.Backward(runs) {
		if h, _ := step.HeaderOf(r.Records); h.Workflow != restoreWorkflow {
			continue
		}
		// The note of a restore that can be proven is written within its run.
		proven, its := backup.RestoreProven(r.Records), noted && note.Kind == backup.Same && note.Is(set, asked)
		cut := !step.Finished(r.Records)
		return under{run: r.ID, goesOn: proven && its || !proven && cut, proven: proven && its, left: proven && !its && cut}, nil
	}
	return u, nil
}

// placeClean makes a site of the backup's files. Its record says from the
// beginning that the install that follows has not come to its end.
func (r restoring) placeClean(ctx context.Context) error {
	note, under, err := backup.ReadRestoring(r.site)
	if err != nil || note.Placed {
		return err
	}
	if !under {
		// From here on, what is half there is not taken for a site.
		note = backup.NewRestoring(r.set, r.asked, time.Now())
		if err := note.Write(r.site); err != nil {
			return err
		}
	}
	if err := r.rememberRepository(); err != nil {
		return err
	}
	if err := backup.PlaceSite(ctx, r.repository, r.set, r.site.Dir, nil); err != nil {
		return err
	}
	rec, err := r.site.ReadRecord()
	if err != nil {
		return err
	}
	rec.State = site.Installing
	if err := r.site.WriteRecord(rec); err != nil {
		return err
	}
	note.Placed = true
	return note.Write(r.site)
}

// rememberRepository has a site that knows of no repository go on with the one
// that it came from, as "backup init" would. A site that is made anew takes it
// in any case.
func (r restoring) rememberRepository() error {
	rec, err := readRepositoryRecord(r.site)
	if err != nil || rec.Repo == r.access.Target.String() || rec.Repo != "" && r.asked.Kind != backup.Clean {
		return err
	}
	return backupInitOptions{backupOptions: r.options.backupOptions}.remember(r.site, r.access)
}

func (a *app) carryOutRestore(ctx context.Context, r restoring) (env *backup.RestoreEnv, err error) {
	err = a.withSink(ctx, func(ctx context.Context, sink *redact.Sink) error {
		hide(sink.Add, r.access)
		if err := wakeSite(ctx, r.site); err != nil {
			return err
		}
		engine, err := stack.Connect(ctx)
		if err != nil {
			return err
		}
		defer engine.Close()
		if env, err = r.environment(ctx, engine, sink); err != nil {
			return err
		}
		measured := func() backup.Gaps { return backup.Gaps{} }
		if door, is := env.FrontDoor.(health.FrontDoor); is && r.asked.Kind == backup.Same {
			measured = watchDoor(door)(ctx)
		}
		run, err := a.takeRestoreSteps(ctx, env, sink.Redact)
		return errors.Join(err, r.remember(run, measured(), err))
	})
	return env, err
}

// remember adds to the site's history for how long its doors were closed.
func (r restoring) remember(run string, gaps backup.Gaps, failed error) error {
	if gaps == (backup.Gaps{}) {
		return nil // they were not, or nobody looked
	}
	result := site.ResultDone
	if failed != nil {
		result = site.ResultFailed
	}
	return r.site.AppendHistory(site.Outage{Time: time.Now().UTC(), Run: run, Workflow: restoreWorkflow, From: r.record.Version, To: r.record.Version,
		UINS: gaps.UI, IngestNS: gaps.Ingest, Result: result})
}

// environment wires the steps to the project as the backup's files say.
func (r restoring) environment(ctx context.Context, engine *stack.Engine, sink *redact.Sink) (*backup.RestoreEnv, error) {
	dir := r.site.Dir
	if r.asked.Kind == backup.Other && exists(backup.IncomingDir(r.site)) {
		dir = backup.IncomingDir(r.site)
	}
	st, door, err := r.project(ctx, engine, sink, dir)
	if err != nil {
		return nil, err
	}
	env := &backup.RestoreEnv{
		Asked: r.asked, Access: r.access, Roots: trustedRoots(r.access.Target), Repository: r.repository, Set: r.set,
		NoStart: r.asked.Kind != backup.Same, Site: r.site, Stack: st, Whole: st, Images: st, FrontDoor: door, Sink: sink, Now: time.Now,
	}
	env.Reopen = func(ctx context.Context) (backup.RestoreStack, backup.FrontDoor, error) {
		st, door, err := r.project(ctx, engine, sink, r.site.Dir)
		return st, door, err
	}
	if r.asked.Bind != "" || r.asked.URL != "" {
		env.KeepHost = func(context.Context) error { return writeHost(r.site, r.asked) }
	}
	return env, nil
}

// project is that of a directory, with the front door that the site's record
// tells of.
func (r restoring) project(ctx context.Context, engine *stack.Engine, sink *redact.Sink, dir string) (*stack.Stack, health.FrontDoor, error) {
	p, err := stack.Load(ctx, stack.LoadOptions{Dir: dir})
	if err != nil {
		return nil, health.FrontDoor{}, err
	}
	rec, err := r.site.ReadRecord()
	if err != nil {
		return nil, health.FrontDoor{}, err
	}
	st := engine.Stack(p, sink)
	door, err := doorOf(rec, st)
	return st, door, err
}

// writeHost writes bind address and URL into the files that were placed.
func writeHost(s *site.Site, asked backup.Asked) error {
	c, err := openConfig(s.Dir)
	if err != nil {
		return err
	}
	answers := c.answers
	if asked.Bind != "" {
		answers.Bind = asked.Bind
	}
	if asked.URL != "" {
		answers.URL = asked.URL
	}
	files, found, err := c.render(answers)
	if err == nil {
		err = refuseConflicts(found)
	}
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := site.WriteFile(s.Path(f.Path), f.Data, f.Mode); err != nil {
			return err
		}
	}
	kept, err := keepSecrets(s, answers)
	if err != nil {
		return err
	}
	if err := c.record.Answers.Encode(kept); err != nil {
		return fmt.Errorf("encode answers: %w", err)
	}
	return s.WriteRecord(c.record)
}

// takeRestoreSteps takes them under a journal, whose name it returns.
func (a *app) takeRestoreSteps(ctx context.Context, env *backup.RestoreEnv, mask func(string) string) (string, error) {
	h := step.Header{Run: site.NewRunID(env.Now(), restoreWorkflow), Workflow: restoreWorkflow, Version: env.Set.Version, Tool: readVersion().Version,
		Command: []string{"sentryctl", "restore", env.Set.ID(), "--site", env.Site.Dir}, Aside: env.ConfigOnly || len(env.Volumes) > 0}
	u, err := restoreUnder(env.Site, env.Set.ID(), env.Asked)
	if err == nil && u.left {
		err = finishRun(env.Site, u.run)
	}
	if err != nil {
		return h.Run, err
	}
	if u.goesOn {
		h.Run = u.run
	}
	journal, err := env.Site.OpenRun(h.Run)
	if err != nil {
		return h.Run, err
	}
	defer journal.Close()
	steps := backup.RestoreRest(journal.Records())
	for _, s := range steps {
		h.Steps = append(h.Steps, s.ID)
	}
	runner := step.Runner[*backup.RestoreEnv]{Log: journal, Sink: env.Sink, Site: env.Site.Dir, Now: time.Now, Redact: mask}
	_, err = runner.Run(ctx, env, h, steps)
	if err != nil {
		if _, under, noteErr := backup.ReadRestoring(env.Site); noteErr == nil && !under {
			err = errors.Join(err, finish(journal)) // it was refused, and there is nothing to go on with
		}
		return h.Run, err
	}
	if env.Kind != backup.Same {
		return h.Run, nil // the install that follows is part of it
	}
	return h.Run, env.Done()
}
