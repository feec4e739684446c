package main

import (
	"context"
	"errors"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/install"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/stack"
	"github.com/sentryctl/sentryctl/internal/step"
	"github.com/sentryctl/sentryctl/internal/ui/redact"
)

// installRestored lets the install make what no backup holds and start all.
// Only when that has proven itself goes what was replaced.
func (a *app) installRestored(ctx context.Context, r restoring) error {
	o := r.install(r.site)
	o.restored = &r.set
	lacks := a.runInstall(ctx, o)
	if lacks != nil && fault.CodeOf(lacks) != fault.Incomplete {
		return r.halfway(lacks)
	}
	sink, hush := a.sink(ctx, func() {})
	defer hush()
	engine, err := stack.Connect(ctx)
	if err != nil {
		return err
	}
	defer engine.Close()
	unlock, err := r.site.Lock("sentryctl restore " + r.set.ID() + " --site " + r.site.Dir)
	if err != nil {
		return err
	}
	defer unlock()
	env, err := r.environment(ctx, engine, sink)
	if err != nil {
		return err
	}
	if err := env.Finish(ctx); err != nil {
		return err
	}
	if err := r.rememberRepository(); err != nil {
		return err
	}
	return errors.Join(a.tellRestored(r.set, r.site.Dir), lacks)
}

// halfway says where everything is when the install that follows fails.
func (r restoring) halfway(err error) error {
	if r.asked.Kind != backup.Other {
		return err
	}
	return fault.New(fault.CodeOf(err), "Mend the cause, then: sentryctl resume --site "+r.site.Dir,
		"the data and files of Sentry %s are kept, in volumes whose names end in -restore and in %s: %w", r.asked.From, backup.ReplacedDir(r.site), err)
}

// restoredGroups sets Kafka's consumer groups in an install that brings a
// backup back.
func restoredGroups(p *installPlan, sink *redact.Sink) func(context.Context, install.Stack) error {
	if p.options.restored == nil {
		return nil
	}
	return func(ctx context.Context, s install.Stack) error {
		return backup.Groups{Set: *p.options.restored, Stack: s, Sink: sink}.Put(ctx)
	}
}

// restoreToResume gives the note of a restore that is to go on: the last run
// is one, or the install that is part of one. A rollback restores too, and
// goes on by itself.
func restoreToResume(s *site.Site, last site.Run, unfinished bool) (backup.Restoring, bool, error) {
	note, under, err := backup.ReadRestoring(s)
	if err != nil || !under {
		return note, false, err
	}
	h, known := step.HeaderOf(last.Records)
	return note, !unfinished || !known || h.Workflow == restoreWorkflow || h.Workflow == installWorkflow && note.Kind != backup.Same, nil
}

// resumeRestore goes on with a restore that was cut short.
func (a *app) resumeRestore(ctx context.Context, s *site.Site, note backup.Restoring) error {
	o := restoreOptions{backupOptions: backupOptions{site: s.Dir, repo: note.Repo, passwordFile: note.PasswordFile}, volumes: note.Volumes, configOnly: note.ConfigOnly, yes: true}
	return a.runRestore(ctx, o, note.Set)
}
