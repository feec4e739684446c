package upgrade

import (
	"context"
	"strings"

	"github.com/sentryctl/sentryctl/internal/install"
	"github.com/sentryctl/sentryctl/internal/step"
)

// Step is a step of a hop.
type Step = step.Step[*Env]

// Steps lists the steps of a hop in order. Up to stop-services the old release
// serves; up to place-release nothing has touched its data. The first step
// after that is the point of no return.
func Steps(h Hop) []Step {
	steps := []Step{
		lift(install.KeepRelease()),
		stageSite(),
		keepImages(),
		bringImages(),
		bringAhead(),
		copyAhead(),
		inTime(),
		seeEdits(),
		keepRoom(),
	}
	if h.NewKafka {
		steps = append(steps, proveFirst(), drainKafka())
	}
	steps = append(steps, stopServices(), checkpoint())
	if h.Postgres != nil {
		steps = append(steps, writeBeside(*h.Postgres))
	}
	steps = append(steps, keepMoreRoom(), placeRelease())
	first := len(steps)
	if h.Postgres != nil {
		steps = append(steps, switchBeside())
	}
	if h.NewKafka {
		steps = append(steps, setAside())
	}
	for _, r := range h.Rungs {
		steps = append(steps, climb(r))
	}
	for _, s := range install.Bring() {
		if h.NewKafka && s.ID == startID {
			steps = append(steps, beginGroups())
		}
		steps = append(steps, lift(s))
	}
	steps[first].NoReturn = true
	steps = append(steps, healthGate(), recordVersion())
	if h.Postgres != nil {
		steps = append(steps, removeFormerData())
	}
	return append(steps, removeOrphans(), removeLeftovers(), freeRoom())
}

// Repeat lets a hop that goes on stop the services and save the site once more,
// up to where the release's files take their places. Somebody may have started
// the former release since: what it has stored would be in no checkpoint, and not
// in the data that was written anew. Files that were edited are merged once more, and what
// was merged has its images brought. The room for the way back gives way to the checkpoint.
func Repeat(steps []Step, records []step.Record, edited bool) {
	merged := edited || stagedSince(records)
	stopped := false
	for i, s := range steps {
		if s.ID == placeID {
			return
		}
		stopped = stopped || s.ID == stopID || s.ID == proveFirstID
		again := stopped
		switch s.ID {
		case stageID:
			again = edited
		case imagesID:
			again = merged
		case keepImagesID:
			again = merged && !within(records, imagesID) // else names may lead to the next release's
		case KeepRoomID:
			again = true
		}
		steps[i].Always = s.Always || again
	}
}

// stagedSince tells that files were merged once more, and no images were brought since.
func stagedSince(records []step.Record) bool {
	since := false
	for _, r := range records {
		switch r.Step {
		case stageID:
			since = true
		case imagesID:
			since = false
		}
	}
	return since
}

// lift makes a step of a hop of one of an install.
func lift(s install.Step) Step {
	out := Step{ID: s.ID, Title: s.Title, Idempotent: s.Idempotent, Always: s.Always}
	if s.Skip != nil {
		out.Skip = func(ctx context.Context, e *Env) (string, error) {
			in, err := e.installer(ctx)
			if err != nil {
				return "", err
			}
			return s.Skip(ctx, in)
		}
	}
	if s.Done != nil {
		out.Done = func(ctx context.Context, e *Env) (bool, error) {
			in, err := e.installer(ctx)
			if err != nil {
				return false, err
			}
			return s.Done(ctx, in)
		}
	}
	out.Run = func(ctx context.Context, e *Env) error {
		in, err := e.installer(ctx)
		if err != nil {
			return err
		}
		return s.Run(ctx, in)
	}
	return out
}

// Reached says how far a run of a hop went.
type Reached int

// How far a hop went.
const (
	Untouched Reached = iota // the old release serves as before
	Stopped                  // services stopped, files may have changed; the data has not
	NoReturn                 // the data may have changed
	Recorded                 // the new release is the site's
)

// HowFar reads that out of a journal.
func HowFar(h Hop, records []step.Record) Reached {
	far := map[step.ID]Reached{drainID: Stopped, stopID: Stopped, "record-version": Recorded}
	after := false
	for _, s := range Steps(h) {
		after = after || s.NoReturn
		if after && far[s.ID] == Untouched {
			far[s.ID] = NoReturn
		}
	}
	reached := Untouched
	for _, r := range records {
		switch {
		case r.Step == "record-version" && r.Kind != step.KindDone:
		case r.Kind == step.KindStarted || r.Kind == step.KindDone:
			reached = max(reached, far[r.Step])
		}
	}
	return reached
}

// sameSeries tells whether a version is of a series such as "24.8".
func sameSeries(version, series string) bool {
	return version == series || strings.HasPrefix(version, series+".")
}
