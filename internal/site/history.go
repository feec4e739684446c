package site

import (
	"time"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/fault"
)

// Outage is one line of history.jsonl: what a run that interrupts service came
// to. UINS and IngestNS are the sums of all times in which that door did not answer.
type Outage struct {
	Time        time.Time      `json:"time"` // when it was over
	Run         string         `json:"run"`
	Workflow    string         `json:"workflow"`
	From        calver.Version `json:"from,omitzero"`
	To          calver.Version `json:"to,omitzero"`
	Rungs       int            `json:"rungs,omitempty"` // versions of data engines that were started in between
	PredictedNS time.Duration  `json:"predicted_ns,omitempty"`
	UINS        time.Duration  `json:"ui_ns"`
	IngestNS    time.Duration  `json:"ingest_ns"`
	Result      Result         `json:"result"`
}

// Result says how a run that interrupted service ended.
type Result string

// The results in history.jsonl.
const (
	ResultDone       Result = "done"
	ResultFailed     Result = "failed"
	ResultRolledBack Result = "rolled-back"
)

func (s *Site) historyPath() string { return s.Own("history.jsonl") }

// AppendHistory adds a line to history.jsonl. It is on disk when it returns.
func (s *Site) AppendHistory(o Outage) error {
	_, err := appendLine(s.historyPath(), o)
	return err
}

// History returns the lines of history.jsonl, oldest first. A line that a
// crash has torn is passed over; a history that holds nothing else is an
// Integrity fault.
func (s *Site) History() ([]Outage, error) {
	list, broken, err := readLines[Outage](s.historyPath())
	if err == nil && broken > 0 && len(list) == 0 {
		err = fault.New(fault.Integrity, "Move the file away; only predictions come from it", "%s is not readable", s.historyPath())
	}
	return list, err
}
