// Package step owns how a workflow changes the machine: the Step, the Runner
// that takes steps in order, and the Journal that survives a crash. It knows
// nothing of what a step does.
package step

import (
	"context"
	"slices"
)

// ID names a step in journals. It is kebab-case, stable and never reused for
// something else: an old journal must keep its meaning.
type ID string

// Step is one change to the machine. E is the workflow's environment.
//
// A crash leaves a step in doubt: its journal says started and no more. Then
// Done is asked what is true; without Done the step is run again if it is
// Idempotent, and otherwise the run stops with exit code 6.
type Step[E any] struct {
	ID    ID
	Title string

	// Skip returns a reason when the step does not apply, "" when it does.
	// Optional; it must not change anything.
	Skip func(context.Context, E) (reason string, err error)

	// Done asks reality whether the step's change is already there. It is
	// asked before every Run, so that a second install changes nothing.
	// Optional; it must not change anything.
	Done func(context.Context, E) (bool, error)

	// Run makes the change. Required.
	Run func(context.Context, E) error

	// Undo takes the change back after Run has failed. Optional.
	Undo func(context.Context, E) error

	// Idempotent says that Run may be repeated after a crash in its middle.
	Idempotent bool

	// NoReturn marks the point past which no Undo of earlier steps leads back.
	NoReturn bool

	// Always makes the step run on every run, also when a former run of the
	// same journal had done it (a health gate is such a step).
	Always bool
}

// Did tells that a step came to its good end, and was not begun again since.
func Did(records []Record, id ID) bool { return lastByStep(records)[id].Kind == KindDone }

// Rest is what is left of steps once proof, one of them, is done in a run that goes on: those
// after it, and those that keep names. Before that it is all of them.
func Rest[E any](steps []Step[E], records []Record, proof ID, keep ...ID) []Step[E] {
	if !Did(records, proof) {
		return steps
	}
	at := slices.IndexFunc(steps, func(s Step[E]) bool { return s.ID == proof })
	var left []Step[E]
	for i, s := range steps {
		if i > at || slices.Contains(keep, s.ID) {
			left = append(left, s)
		}
	}
	return left
}
