// Package event owns what a running workflow says: typed events and the Sink
// that takes them. It renders nothing; internal/ui does. No event ever carries
// a secret.
package event

import "time"

// Sink takes events. Emit may be called from several goroutines, must not
// block for long and must not fail.
type Sink interface {
	Emit(Event)
}

// Event is one thing that happened. Type is its stable name in JSON output.
type Event interface {
	Type() string
}

// Step names one step of a run, in the order in which the run takes them.
type Step struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

// RunStarted opens a run: every step that may run is listed.
type RunStarted struct {
	Run      string `json:"run"`
	Workflow string `json:"workflow"`
	Version  string `json:"version,omitempty"`
	Site     string `json:"site,omitempty"`
	Resumed  bool   `json:"resumed"`
	Steps    []Step `json:"steps"`
}

// StepStarted says that a step has begun.
type StepStarted struct {
	Step
}

// StepDone says that a step has ended well. Already means that a former run,
// or the machine as it was found, had done it.
type StepDone struct {
	Step
	Already bool          `json:"already,omitempty"`
	Elapsed time.Duration `json:"elapsed_ns"`
}

// StepSkipped says that a step does not apply, and why.
type StepSkipped struct {
	Step
	Reason string `json:"reason"`
}

// StepFailed says that a step has failed. Undone tells whether its change was
// taken back.
type StepFailed struct {
	Step
	Error   string        `json:"error"`
	Undone  bool          `json:"undone"`
	Elapsed time.Duration `json:"elapsed_ns"`
}

// Progress is a measure inside the step that runs (the last StepStarted). Item names what is being worked on
// (an image, a service); Done and Total are in Unit ("bytes", "services",
// "images"). Total 0 means unknown.
type Progress struct {
	Item  string `json:"item,omitempty"`
	Unit  string `json:"unit"`
	Done  int64  `json:"done"`
	Total int64  `json:"total"`
	Note  string `json:"note,omitempty"`
}

// Log is one line of output of something that a step runs (a container, a
// build). Source names it.
type Log struct {
	Source string `json:"source"`
	Text   string `json:"text"`
}

// Notice tells the admin something that does not stop the run. Level is
// "info" or "warn".
type Notice struct {
	Level string `json:"level"`
	Text  string `json:"text"`
	Hint  string `json:"hint,omitempty"`
}

// RunFinished closes a run. OK false means that it failed or was cancelled.
type RunFinished struct {
	Run     string        `json:"run"`
	OK      bool          `json:"ok"`
	Changed bool          `json:"changed"`
	Elapsed time.Duration `json:"elapsed_ns"`
}

func (RunStarted) Type() string  { return "run_started" }
func (StepStarted) Type() string { return "step_started" }
func (StepDone) Type() string    { return "step_done" }
func (StepSkipped) Type() string { return "step_skipped" }
func (StepFailed) Type() string  { return "step_failed" }
func (Progress) Type() string    { return "progress" }
func (Log) Type() string         { return "log" }
func (Notice) Type() string      { return "notice" }
func (RunFinished) Type() string { return "run_finished" }

// Discard is a Sink that forgets everything.
type Discard struct{}

// Emit does nothing.
func (Discard) Emit(Event) {}

var _ Sink = Discard{}
