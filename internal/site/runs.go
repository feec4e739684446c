package site

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/sentryctl/sentryctl/internal/step"
)

// Run is a journal of this site.
type Run struct {
	ID      string
	Records []step.Record
}

// NewRunID names a run by its start in UTC and its workflow, so that names
// sort by age.
func NewRunID(now time.Time, workflow string) string {
	return now.UTC().Format("20060102T150405.000Z") + "-" + workflow
}

// OpenRun opens the journal of a run for appending.
func (s *Site) OpenRun(id string) (*step.Journal, error) {
	return step.OpenJournal(s.Own("runs", id+".jsonl"))
}

// Runs returns all journals, oldest first.
func (s *Site) Runs() ([]Run, error) {
	entries, err := os.ReadDir(s.Own("runs"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	var runs []Run
	for _, e := range entries {
		id, ok := strings.CutSuffix(e.Name(), ".jsonl")
		if !ok {
			continue
		}
		records, err := step.LoadJournal(s.Own("runs", e.Name()))
		if err != nil {
			return nil, err
		}
		runs = append(runs, Run{ID: id, Records: records})
	}
	slices.SortFunc(runs, func(a, b Run) int { return strings.Compare(a.ID, b.ID) })
	return runs, nil
}

// Unfinished returns the newest run that began and did not come to its end, and
// true. Runs that leave older ones as they are, such as backups, hide none. When
// all is done it returns the run that saw to it, else the newest, and false. One
// that was killed before its journal's first record has done nothing.
func (s *Site) Unfinished() (Run, bool, error) {
	runs, err := s.Runs()
	if err != nil || len(runs) == 0 {
		return Run{}, false, err
	}
	for _, run := range slices.Backward(runs) {
		if _, begun := step.HeaderOf(run.Records); begun && !step.Finished(run.Records) {
			return run, true, nil
		}
		if step.Settles(run.Records) {
			return run, false, nil
		}
	}
	return runs[len(runs)-1], false, nil
}
