package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/stack"
	"github.com/sentryctl/sentryctl/internal/step"
	"github.com/sentryctl/sentryctl/internal/ui/redact"
	"github.com/sentryctl/sentryctl/internal/upgrade"
)

// hopRun is one hop, or the way back of one, with all that it is wired to.
type hopRun struct {
	app    *app
	site   *site.Site
	config *siteConfig
	begun  upgrade.Begun
	access repository.Access
	engine *stack.Engine
	sink   *redact.Sink
	heard  event.Sink // hears what a hop's containers say; nil: sink
	ends   []func() error
	copied *siteCopy // not nil: not the site but a copy of it
}

// takeHop carries out a hop, or goes on with it. A hop that fails leads back.
func (a *app) takeHop(ctx context.Context, s *site.Site, o backupOptions, b upgrade.Begun) error {
	acc, err := a.readyCheckpoint(ctx, s, o, &b)
	if err != nil {
		return err
	}
	if err := errors.Join(upgrade.WriteNote(s, b), upgrade.LayBallast(s)); err != nil {
		return fault.New(fault.Resumable, "Free some space, then run the same command again", "%w", err)
	}
	r, ctx, done, err := a.newHopRun(ctx, s, acc, b)
	if err != nil {
		return err
	}
	defer done()
	journal, err := s.OpenRun(b.Run)
	if err != nil {
		return err
	}
	defer journal.Close()
	err = r.walk(ctx, journal)
	if err == nil {
		r.pruneCheckpoints(ctx)
		return errors.Join(upgrade.DropBallast(s), done())
	}
	return r.failed(ctx, journal, err)
}

// newHopRun wires what hop and rollback have in common. done ends the talk.
func (a *app) newHopRun(ctx context.Context, s *site.Site, acc repository.Access, b upgrade.Begun) (*hopRun, context.Context, func() error, error) {
	c, err := openConfig(s.Dir)
	if err != nil {
		return nil, ctx, nil, err
	}
	if err := wakeSite(ctx, s); err != nil {
		return nil, ctx, nil, err
	}
	engine, err := stack.Connect(ctx)
	if err != nil {
		return nil, ctx, nil, err
	}
	runs, err := s.Runs()
	if err != nil {
		return nil, ctx, nil, err
	}
	a.past = stepTimes(runs, upgradeWorkflow)
	ctx, cancel := context.WithCancel(ctx)
	sink, hush := a.sink(ctx, cancel)
	sink.Add(c.secrets(c.answers)...)
	hide(sink.Add, acc)
	r := &hopRun{app: a, site: s, config: c, begun: b, access: acc, engine: engine, sink: sink}
	done := sync.OnceValue(func() error {
		err := hush()
		cancel()
		for _, end := range r.ends {
			err = errors.Join(err, end())
		}
		return errors.Join(err, engine.Close())
	})
	return r, ctx, done, nil
}

// alarmEvery is how often a migration's silence is looked at.
const alarmEvery = 5 * time.Second

// walk takes the steps of the hop and measures from outside.
func (r *hopRun) walk(ctx context.Context, journal *step.Journal) error {
	b := r.begun
	log, err := openOutput(r.site, r.sink, len(journal.Records()) == 0)
	if err != nil {
		return err
	}
	defer log.close()
	h := step.Header{Run: b.Run, Workflow: upgradeWorkflow, Version: b.Hop.To.String(), Tool: readVersion().Version,
		Command: []string{"sentryctl", "upgrade", "--to", b.Target, "--site", r.site.Dir}}
	steps, err := r.stepsFrom(journal.Records())
	if err != nil {
		return err
	}
	for _, s := range steps {
		h.Steps = append(h.Steps, s.ID)
	}
	stop, err := r.watchOn(ctx, journal.Records())
	if err != nil {
		return err
	}
	bounded, cancel := ctx, func() {}
	if b.TimeoutNS > 0 {
		bounded, cancel = context.WithTimeout(ctx, b.TimeoutNS)
	}
	defer cancel()
	alarm := upgrade.NewAlarm(log, b.StallNS, time.Now)
	ticks := time.NewTicker(alarmEvery)
	defer ticks.Stop()
	go alarm.Watch(bounded, ticks.C)
	r.heard = alarm
	defer func() { r.heard = nil }()
	runner := step.Runner[*upgrade.Env]{Log: journal, Sink: alarm, Site: r.site.Dir, Now: time.Now, Redact: r.sink.Redact}
	_, err = runner.Run(bounded, r.environment(alarm), h, steps)
	if err != nil && ctx.Err() == nil && bounded.Err() != nil {
		err = fault.New(fault.Resumable, "Give it more time with --hop-timeout, or no limit without", "the hop took longer than --hop-timeout %s: %w", b.TimeoutNS, err)
	}
	gaps := stop()
	if err == nil || upgrade.HowFar(b.Hop, journal.Records()) > upgrade.Untouched {
		result := site.ResultDone
		if err != nil {
			result = site.ResultFailed
		}
		err = errors.Join(err, r.site.AppendHistory(site.Outage{Time: time.Now().UTC(), Run: b.Run, Workflow: upgradeWorkflow, From: b.Hop.From, To: b.Hop.To,
			Rungs: b.Rungs, PredictedNS: b.PredictedNS, UINS: gaps.UI, IngestNS: gaps.Ingest, Result: result}))
	}
	return err
}

// stepsFrom are the steps of a hop that begins or goes on. The site's files are those of one
// release then.
func (r *hopRun) stepsFrom(records []step.Record) ([]upgrade.Step, error) {
	steps := r.steps()
	placed, found, err := upgrade.ReadPlaced(r.site)
	if err != nil || len(records) == 0 {
		return steps, err
	}
	if found && placed.Run == r.begun.Run {
		return steps, upgrade.Settle(r.site, placed, records, false)
	}
	edited, err := upgrade.Edited(r.site)
	if err == nil {
		upgrade.Repeat(steps, records, len(edited) > 0)
	}
	return steps, err
}

// failed decides what a hop that did not come to its end leads to.
func (r *hopRun) failed(ctx context.Context, journal *step.Journal, cause error) error {
	b := r.begun
	again := "sentryctl resume --site " + r.site.Dir
	if cut := r.cut(ctx, cause); cut != nil {
		return fault.New(fault.CodeOf(cut), "Go on: "+again+", or take it back: sentryctl rollback --site "+r.site.Dir, "%w", cut)
	}
	far := upgrade.HowFar(b.Hop, journal.Records())
	switch {
	case far == upgrade.Untouched:
		upgrade.TellRoom(r.sink, r.dropRoom(ctx))
		if err := errors.Join(upgrade.DropBallast(r.site), finish(journal)); err != nil {
			return errors.Join(cause, err)
		}
		return fault.New(fault.CodeOf(cause), fault.HintOf(cause), "the upgrade to %s did not begin, and %s serves as before: %w", b.Hop.To, b.Hop.From, cause)
	case far == upgrade.Recorded:
		return cause
	case b.NoRollback:
		return fault.New(fault.Resumable, "Mend the cause, then: "+again+", or take it back: sentryctl rollback --site "+r.site.Dir,
			"the hop to %s failed and stays as it is, on your word: %w", b.Hop.To, cause)
	}
	back := upgrade.Back{Hop: b.Run, Set: b.Set, Data: far == upgrade.NoReturn, Failed: true, Why: r.sink.Redact(cause.Error())}
	if err := r.goBack(ctx, back, func() error { return finish(journal) }); err != nil {
		return r.stranded(ctx, back, again, errors.Join(cause, err))
	}
	return fault.New(fault.Resumable, "Read what failed in "+upgrade.FailedDir(r.site, b.Run)+", then run the upgrade again",
		"the hop to %s failed, and the site is back at %s with its data: %w", b.Hop.To, b.Hop.From, cause)
}

// dropRoom gives back what was kept for a way back that nobody has to walk.
func (r *hopRun) dropRoom(ctx context.Context) error {
	st, err := r.project(ctx, r.site.Dir)
	if err != nil {
		return err
	}
	return upgrade.DropRoom(ctx, st)
}

// cut tells that a hop, or a way back, has not failed but was cut short, nil if not: by the one who
// watches, or by an Engine that went away, whatever step that made fail.
func (r *hopRun) cut(ctx context.Context, cause error) error {
	if ctx.Err() != nil {
		return fault.New(fault.Cancelled, "", "%w", cause)
	}
	if fault.CodeOf(cause) == fault.NoEngine {
		return cause
	}
	if away := r.engine.Away(ctx); away != nil {
		return errors.Join(away, cause)
	}
	return nil
}

// stranded says where everything is when the way back cannot be walked.
func (r *hopRun) stranded(ctx context.Context, b upgrade.Back, again string, err error) error {
	code := fault.Resumable
	if cut := r.cut(ctx, err); cut != nil {
		code, err = fault.CodeOf(cut), cut
	}
	return fault.New(code, "Mend the cause, then: "+again,
		"the way back did not come to its end; everything stays where it is: the checkpoint is backup %s in %s, the former files are in %s: %w",
		b.Set, r.access.Target, r.site.Own("upgrade", "previous"), err)
}

func finish(journal *step.Journal) error {
	if step.Finished(journal.Records()) {
		return nil
	}
	return journal.Append(step.Record{Kind: step.KindFinished, Time: time.Now().UTC()})
}

// resumeUpgrade goes on with a hop that was cut short, and then with the path, unless it is to
// end with this hop.
func (a *app) resumeUpgrade(ctx context.Context, o backupOptions, s *site.Site, thisHop bool) error {
	var b upgrade.Begun
	if found, err := upgrade.ReadNote(s, &b); err != nil {
		return err
	} else if !found {
		return fault.New(fault.Integrity, "Restore a backup: sentryctl backup list", "the note of the hop under way is gone: %s", s.Own("upgrade", "hop.json"))
	}
	unlock, err := s.Lock("sentryctl resume --site " + s.Dir)
	if err != nil {
		return err
	}
	err = a.takeHop(ctx, s, o, b)
	if err := errors.Join(err, unlock()); err != nil {
		return err
	}
	if thisHop || b.Pause || b.Hop.To.String() == b.Target {
		_, rec, err := site.Open(s.Dir)
		if err != nil {
			return err
		}
		return a.tellUpgraded(s, rec, true)
	}
	o.site = s.Dir
	return a.runUpgrade(ctx, restOfPath(b, o))
}

// restOfPath asks for what is left of a path, as the path was asked for.
func restOfPath(b upgrade.Begun, o backupOptions) upgradeOptions {
	return upgradeOptions{to: b.Target, yes: true, noRollback: b.NoRollback, stopIngest: b.StopIngest, stopBefore: b.StopBefore,
		acceptAvoided: b.AcceptAvoided, keepCheckpoints: b.KeepSets, hopTimeout: b.TimeoutNS, stallAlarm: b.StallNS, releases: b.Releases, source: b.Source, catalog: b.Catalog, profile: b.Profile, backupOptions: o.of(b)}
}

// betweenHops tells that a path was cut short where no hop was under way: one
// had come to its good end, or had been noted and not begun. last is the newest
// run of the site.
func betweenHops(s *site.Site, at string, last site.Run) (b upgrade.Begun, cut bool, err error) {
	found, err := upgrade.ReadNote(s, &b)
	if err != nil || !found || b.Pause || b.Target == at || last.ID > b.Run {
		return b, false, err
	}
	_, begun := step.HeaderOf(last.Records)
	begun = begun && last.ID == b.Run
	return b, !begun || upgrade.HowFar(b.Hop, last.Records) == upgrade.Recorded, nil
}

// outputLog passes events on, and writes what commands say into a file.
type outputLog struct {
	*redact.Sink
	file *os.File
}

func openOutput(s *site.Site, sink *redact.Sink, anew bool) (*outputLog, error) {
	mode := os.O_CREATE | os.O_APPEND | os.O_WRONLY
	if anew {
		mode |= os.O_TRUNC
	}
	f, err := os.OpenFile(upgrade.OutputLog(s), mode, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log of commands: %w", err)
	}
	return &outputLog{sink, f}, nil
}

func (l *outputLog) close() { _ = l.file.Close() } // it only helps to look into a failure
