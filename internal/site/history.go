package site

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/fault"
)

// Outage is one line of history.jsonl: what a run that interrupts service came
// to. A gap is the longest time during which that door did not answer.
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
	line, err := json.Marshal(o)
	if err != nil {
		return fmt.Errorf("encode history: %w", err)
	}
	f, err := os.OpenFile(s.historyPath(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open history: %w", err)
	}
	defer f.Close()
	// A crash may have torn the line before: this one begins a line of its own.
	if torn, err := endsTorn(s.historyPath()); err != nil {
		return err
	} else if torn {
		line = append([]byte("\n"), line...)
	}
	if _, err := f.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("write history: %w", err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("write history: %w", err)
	}
	return nil
}

func endsTorn(path string) (bool, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return false, fmt.Errorf("read history: %w", err)
	}
	return len(data) > 0 && data[len(data)-1] != '\n', nil
}

// History returns the lines of history.jsonl, oldest first. A line that a
// crash has torn is passed over; a history that holds nothing else is an
// Integrity fault.
func (s *Site) History() ([]Outage, error) {
	data, err := os.ReadFile(s.historyPath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	var list []Outage
	lines, broken := bufio.NewScanner(bytes.NewReader(data)), 0
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var o Outage
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			broken++
			continue
		}
		list = append(list, o)
	}
	if err := lines.Err(); err != nil || broken > 0 && len(list) == 0 {
		return nil, fault.New(fault.Integrity, "Move the file away; only predictions come from it", "%s is not readable", s.historyPath())
	}
	return list, nil
}
