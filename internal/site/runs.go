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

// Unfinished returns the newest run, and whether it began and did not come to its
// end. One that was killed before its journal's first record has done nothing.
func (s *Site) Unfinished() (Run, bool, error) {
	runs, err := s.Runs()
	if err != nil || len(runs) == 0 {
		return Run{}, false, err
	}
	last := runs[len(runs)-1]
	_, begun := step.HeaderOf(last.Records)
	return last, begun && !step.Finished(last.Records), nil
}
