package tui

import (
	"time"

	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/ui/format"
)

type status int

const (
	pending status = iota
	running
	done
	already
	skipped
	failed
)

// stepState is what is known of one step.
type stepState struct {
	id, title string
	status    status
	reason    string // why it was skipped, or the error
	undone    bool
	began     time.Time
	took      time.Duration
}

// run is the state of a run as its events have told it. TUI guards it.
type run struct {
	now    func() time.Time
	expect map[string]time.Duration

	workflow, version, site string
	resumed                 bool
	began                   time.Time
	steps                   []stepState
	index                   map[string]int
	current                 int // the last step that started, or -1
	meter                   meter
	log                     logPane
	notices                 []event.Notice
	finished                *event.RunFinished
	past                    []line // accounts of runs before this one
	stopping                bool
	best                    float64 // the part done never goes back on screen
}

func newRun(now func() time.Time, expect map[string]time.Duration) *run {
	return &run{now: now, expect: expect, began: now(), index: map[string]int{}, current: -1}
}

// maxSteps and maxNotices bound the memory against an endless workflow.
const (
	maxSteps   = 500
	maxNotices = 200
)

func (r *run) apply(e event.Event) {
	switch e := e.(type) {
	case event.RunStarted:
		r.start(e)
	case event.StepStarted:
		r.enter(e.Step)
	case event.StepDone:
		s := r.settle(e.Step, done, e.Elapsed)
		if e.Already {
			s.status = already
		}
	case event.StepSkipped:
		r.settle(e.Step, skipped, 0).reason = format.Clean(e.Reason)
	case event.StepFailed:
		s := r.settle(e.Step, failed, e.Elapsed)
		s.reason, s.undone = e.Error, e.Undone
	case event.Progress:
		r.meter.take(e, r.now())
	case event.Log:
		r.log.add(logLine{source: format.Clean(short(e.Source)), text: format.Clean(short(e.Text))})
	case event.Notice:
		r.notice(e)
	case event.RunFinished:
		r.finish(e)
	}
}

// short keeps an endless line from costing time: no screen shows so much.
func short(s string) string { return s[:min(len(s), 8*maxLogWidth)] }

func (r *run) start(e event.RunStarted) {
	if r.workflow != "" || len(r.steps) > 0 {
		r.past = append(r.past, r.result()...)
		r.past = r.past[max(0, len(r.past)-2*maxSteps):]
	}
	r.workflow, r.version, r.site, r.resumed = format.Clean(e.Workflow), format.Clean(e.Version), format.Clean(e.Site), e.Resumed
	r.began, r.finished, r.best, r.current = r.now(), nil, 0, -1
	r.steps, r.index, r.meter = nil, map[string]int{}, meter{}
	for _, s := range e.Steps {
		r.step(s)
	}
}

// step returns the state of a step; one that the run has not listed is added.
func (r *run) step(s event.Step) *stepState {
	i, ok := r.index[s.ID]
	if !ok {
		if len(r.steps) >= maxSteps {
			return &stepState{} // shown nowhere
		}
		i = len(r.steps)
		r.steps = append(r.steps, stepState{id: s.ID})
		r.index[s.ID] = i
	}
	r.steps[i].title = format.Clean(s.Title)
	if r.steps[i].title == "" {
		r.steps[i].title = format.Clean(s.ID)
	}
	return &r.steps[i]
}

func (r *run) enter(e event.Step) {
	s := r.step(e)
	s.status, s.began = running, r.now()
	r.meter = meter{}
	if i, ok := r.index[e.ID]; ok {
		r.current = i
	}
}

func (r *run) settle(e event.Step, to status, took time.Duration) *stepState {
	s := r.step(e)
	if took <= 0 && s.status == running {
		took = r.now().Sub(s.began)
	}
	s.status, s.took = to, max(took, 0)
	return s
}

func (r *run) notice(e event.Notice) {
	e.Text = format.Sentence(format.Clean(e.Text))
	if len(r.notices) < maxNotices {
		r.notices = append(r.notices, e)
	}
	kind := info
	if e.Level == "warn" {
		kind = warn
	}
	r.log.add(logLine{text: e.Text, kind: kind})
	if e.Hint == "" {
		return
	}
	for _, l := range format.Lines(e.Hint) {
		r.log.add(logLine{text: "  " + l, kind: hint})
	}
}

func (r *run) finish(e event.RunFinished) {
	if e.Elapsed <= 0 {
		e.Elapsed = r.now().Sub(r.began)
	}
	r.finished = &e
}

func (r *run) elapsed() time.Duration {
	if r.finished != nil {
		return r.finished.Elapsed
	}
	return r.now().Sub(r.began)
}

// settled counts the steps that are over.
func (r *run) settled() int {
	n := 0
	for _, s := range r.steps {
		if s.status >= done {
			n++
		}
	}
	return n
}
