package step

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/sentryctl/sentryctl/internal/fault"
)

// Kind says what a journal record states.
type Kind string

// The kinds of records. A journal is one header, then started followed by
// done, skipped or failed for each step, then finished.
const (
	KindHeader   Kind = "header"
	KindStarted  Kind = "started"
	KindDone     Kind = "done"
	KindSkipped  Kind = "skipped"
	KindFailed   Kind = "failed"
	KindFinished Kind = "finished"
)

// Header opens a journal: what the run was asked to do, and by which tool.
// Digest covers the step IDs and the configuration; a run resumes a journal
// only with the same digest. No secret stands in it.
type Header struct {
	Run      string   `json:"run"`
	Workflow string   `json:"workflow"`
	Version  string   `json:"version"`
	Tool     string   `json:"tool"`
	Digest   string   `json:"digest"`
	Steps    []ID     `json:"steps"`
	Command  []string `json:"command,omitempty"`
	Aside    bool     `json:"aside,omitempty"` // what was half done before is so afterwards: a backup, a restore of parts
}

// Record is one line of a journal.
type Record struct {
	Kind    Kind      `json:"kind"`
	Time    time.Time `json:"time"`
	Step    ID        `json:"step,omitempty"`
	Already bool      `json:"already,omitempty"` // done before this run
	Reason  string    `json:"reason,omitempty"`  // why it was skipped
	Error   string    `json:"error,omitempty"`
	Undone  bool      `json:"undone,omitempty"` // a failed step took its change back
	Header  *Header   `json:"header,omitempty"`
}

// ReadRecords reads a journal. It returns the records and the length in bytes
// of the part that is whole: a crash may tear the last line, which then counts
// as never written. A broken line before the last is an Integrity fault.
func ReadRecords(r io.Reader) (records []Record, whole int64, err error) {
	br := bufio.NewReader(r)
	for n := 1; ; n++ {
		line, err := br.ReadBytes('\n')
		if err == io.EOF {
			return records, whole, nil // what follows the last newline is torn
		}
		if err != nil {
			return records, whole, fmt.Errorf("read journal: %w", err)
		}
		var rec Record
		if jsonErr := json.Unmarshal(line, &rec); jsonErr != nil {
			if _, peekErr := br.Peek(1); peekErr == io.EOF {
				return records, whole, nil
			}
			return records, whole, fault.New(fault.Integrity,
				"Move the file away and look at it; the steps that it lists may have run",
				"journal line %d is not readable: %w", n, jsonErr)
		}
		records = append(records, rec)
		whole += int64(len(line))
	}
}

// HeaderOf returns the header of a journal, or false when the crash came
// before it was written.
func HeaderOf(records []Record) (Header, bool) {
	if len(records) == 0 || records[0].Header == nil {
		return Header{}, false
	}
	return *records[0].Header, true
}

// Finished tells whether the run of these records came to its good end.
func Finished(records []Record) bool {
	return slices.ContainsFunc(records, func(r Record) bool { return r.Kind == KindFinished })
}

// Settles tells whether the run of these records has left nothing half done on
// the site, its own work or an older run's.
func Settles(records []Record) bool {
	h, begun := HeaderOf(records)
	if !begun || h.Aside || !Finished(records) {
		return false
	}
	last := lastByStep(records)
	for _, id := range h.Steps {
		if k := last[id].Kind; k != KindDone && k != KindSkipped {
			return false // it was refused, given up, or taken back
		}
	}
	return true
}

// Complete tells whether every step that the header names was done or did not
// apply. A journal can be finished without: somebody closed it after a failure.
func Complete(h Header, records []Record) bool {
	last := lastByStep(records)
	return !slices.ContainsFunc(h.Steps, func(id ID) bool {
		kind := last[id].Kind
		return kind != KindDone && kind != KindSkipped
	})
}

// InDoubt returns those records that matter to a later run with another
// configuration: the steps of which nobody knows whether they happened.
func InDoubt(records []Record) []Record {
	var doubt []Record
	for id, last := range lastByStep(records) {
		if last.Kind == KindStarted || last.Kind == KindFailed && !last.Undone {
			doubt = append(doubt, Record{Kind: KindStarted, Time: last.Time, Step: id})
		}
	}
	slices.SortFunc(doubt, func(a, b Record) int { return a.Time.Compare(b.Time) })
	return doubt
}

func lastByStep(records []Record) map[ID]Record {
	last := map[ID]Record{}
	for _, r := range records {
		if r.Step != "" {
			last[r.Step] = r
		}
	}
	return last
}

func encode(r Record) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r); err != nil {
		return nil, fmt.Errorf("encode journal record: %w", err)
	}
	return b.Bytes(), nil
}
