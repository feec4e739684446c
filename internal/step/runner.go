package step

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
)

// Log is what the Runner needs of a journal.
type Log interface {
	Records() []Record
	Append(Record) error
}

// Runner takes the steps of a workflow in order. It writes a record before and
// after each change and says what happens to Sink.
type Runner[E any] struct {
	Log  Log
	Sink event.Sink
	Now  func() time.Time

	// Site is the directory of the site, for those who watch.
	Site string

	// Prior holds records of an earlier, unfinished run that this run does
	// not resume; only its steps in doubt matter (see InDoubt).
	Prior []Record

	// Redact takes secrets out of error texts before they are written.
	Redact func(string) string
}

// Outcome is what a run came to.
type Outcome struct {
	Changed bool // at least one step ran
	Resumed bool // the journal held records of an earlier attempt
	Elapsed time.Duration
}

// Run takes the steps. Steps that the journal knows as done are passed over;
// a step in doubt is asked, repeated or refused as Step says. The error of a
// failed step keeps its exit code, or gets Resumable when it has none.
func (r *Runner[E]) Run(ctx context.Context, env E, h Header, steps []Step[E]) (Outcome, error) {
	begin := r.Now()
	out := Outcome{Resumed: len(r.Log.Records()) > 1}
	if len(r.Log.Records()) == 0 {
		if err := r.append(Record{Kind: KindHeader, Header: &h}); err != nil {
			return out, err
		}
	}
	last := lastByStep(append(append([]Record{}, r.Prior...), r.Log.Records()...))
	r.Sink.Emit(event.RunStarted{Run: h.Run, Workflow: h.Workflow, Version: h.Version, Site: r.Site, Resumed: out.Resumed, Steps: describe(steps)})
	err := r.walk(ctx, env, steps, last, &out)
	if err == nil && !Finished(r.Log.Records()) {
		err = r.append(Record{Kind: KindFinished})
	}
	out.Elapsed = r.Now().Sub(begin)
	r.Sink.Emit(event.RunFinished{Run: h.Run, OK: err == nil, Changed: out.Changed, Elapsed: out.Elapsed})
	return out, err
}

func (r *Runner[E]) walk(ctx context.Context, env E, steps []Step[E], last map[ID]Record, out *Outcome) error {
	for _, s := range steps {
		before := last[s.ID]
		if before.Kind == KindDone && !s.Always {
			r.Sink.Emit(event.StepDone{Step: label(s), Already: true})
			continue
		}
		if err := ctx.Err(); err != nil {
			return cancelled(err)
		}
		settled, err := r.settle(ctx, env, s)
		if err != nil {
			return r.wrap(s, err)
		}
		if settled {
			continue
		}
		if inDoubt(before) && s.Done == nil && !s.Idempotent {
			return doubt(s)
		}
		if err := r.take(ctx, env, s); err != nil {
			return err
		}
		out.Changed = true
	}
	return nil
}

// settle deals with a step that need not run: it does not apply, or reality
// already shows its change.
func (r *Runner[E]) settle(ctx context.Context, env E, s Step[E]) (bool, error) {
	if s.Skip != nil {
		reason, err := s.Skip(ctx, env)
		if err != nil {
			return false, fmt.Errorf("decide whether it applies: %w", err)
		}
		if reason != "" {
			r.Sink.Emit(event.StepSkipped{Step: label(s), Reason: reason})
			return true, r.append(Record{Kind: KindSkipped, Step: s.ID, Reason: reason})
		}
	}
	if s.Done == nil {
		return false, nil
	}
	done, err := s.Done(ctx, env)
	if err != nil {
		return false, fmt.Errorf("look whether it is done: %w", err)
	}
	if !done {
		return false, nil
	}
	r.Sink.Emit(event.StepDone{Step: label(s), Already: true})
	return true, r.append(Record{Kind: KindDone, Step: s.ID, Already: true})
}

func (r *Runner[E]) take(ctx context.Context, env E, s Step[E]) error {
	begin := r.Now()
	if err := r.append(Record{Kind: KindStarted, Step: s.ID}); err != nil {
		return err
	}
	r.Sink.Emit(event.StepStarted{Step: label(s)})
	if err := s.Run(ctx, env); err != nil {
		return r.fail(ctx, env, s, err, begin)
	}
	if err := r.append(Record{Kind: KindDone, Step: s.ID}); err != nil {
		return err
	}
	r.Sink.Emit(event.StepDone{Step: label(s), Elapsed: r.Now().Sub(begin)})
	return nil
}

// fail undoes and records under a context that Ctrl-C does not reach, so that
// the journal tells the truth.
func (r *Runner[E]) fail(ctx context.Context, env E, s Step[E], cause error, begin time.Time) error {
	undone := false
	if s.Undo != nil {
		if err := s.Undo(context.WithoutCancel(ctx), env); err != nil {
			cause = errors.Join(cause, fmt.Errorf("undo: %w", err))
		} else {
			undone = true
		}
	}
	text := cause.Error()
	if r.Redact != nil {
		text = r.Redact(text)
	}
	r.Sink.Emit(event.StepFailed{Step: label(s), Error: text, Undone: undone, Elapsed: r.Now().Sub(begin)})
	if err := r.append(Record{Kind: KindFailed, Step: s.ID, Error: text, Undone: undone}); err != nil {
		return errors.Join(r.wrap(s, cause), err)
	}
	return r.wrap(s, cause)
}

func (r *Runner[E]) append(rec Record) error {
	rec.Time = r.Now().UTC()
	if err := r.Log.Append(rec); err != nil {
		return fault.New(fault.Resumable, "Free some space or repair the disk, then run the same command again", "%w", err)
	}
	return nil
}

const resumeHint = "Mend the cause, then run the same command again: it goes on at this step"

// wrap names the step and gives a code to an error that has none.
func (r *Runner[E]) wrap(s Step[E], err error) error {
	code, hint := fault.CodeOf(err), fault.HintOf(err)
	switch {
	case errors.Is(err, context.Canceled):
		code, hint = fault.Cancelled, "Run the same command again: it goes on at this step"
	case code == fault.Other:
		code = fault.Resumable
	}
	if hint == "" {
		hint = resumeHint
	}
	return fault.New(code, hint, "step %s: %w", s.ID, err)
}

func cancelled(err error) error {
	return fault.New(fault.Cancelled, "Run the same command again: it goes on where it stopped", "stopped between two steps: %w", err)
}

func doubt[E any](s Step[E]) error {
	return fault.New(fault.Resumable,
		"Look whether it happened, then mark it: sentryctl resume --done "+string(s.ID)+" or --redo "+string(s.ID),
		"step %s (%s) was interrupted and cannot tell whether it happened", s.ID, s.Title)
}

func inDoubt(last Record) bool {
	return last.Kind == KindStarted || last.Kind == KindFailed && !last.Undone
}

func label[E any](s Step[E]) event.Step { return event.Step{ID: string(s.ID), Title: s.Title} }

func describe[E any](steps []Step[E]) []event.Step {
	out := make([]event.Step, 0, len(steps))
	for _, s := range steps {
		out = append(out, label(s))
	}
	return out
}
