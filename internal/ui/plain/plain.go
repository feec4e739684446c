// Package plain owns how a run reads as lines: for pipes, CI logs and people
// who like it so. One line per thing that happened, in columns that grep and
// awk can use; progress is told when it has changed enough, never by the clock.
package plain

import (
	"bytes"
	"io"
	"sync"
	"time"

	"github.com/sentryctl/sentryctl/internal/event"
)

// Columns is the width that lines keep where their text allows.
const Columns = 100

// Options say where and how to write.
type Options struct {
	Color bool             // the writer is a terminal that shows colours
	Now   func() time.Time // for steps whose end does not say how long they took
}

// Plain is a Sink that writes lines. The zero value is of no use; see New.
type Plain struct {
	mu    sync.Mutex
	w     io.Writer
	color bool
	now   func() time.Time
	buf   bytes.Buffer
	err   error

	run      event.RunStarted
	numbers  map[string]int // step ID to its place in the run, from 1
	began    map[string]time.Time
	runBegan time.Time
	gauge    gauge
}

// New returns a Plain that writes to w, each event with one Write.
func New(w io.Writer, o Options) *Plain {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Plain{w: w, color: o.Color, now: o.Now, numbers: map[string]int{}, began: map[string]time.Time{}}
}

// Emit writes the lines of one event. After a failed write it stays silent.
func (p *Plain) Emit(e event.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.buf.Reset()
	p.render(e)
	if p.buf.Len() == 0 || p.err != nil {
		return
	}
	_, p.err = p.w.Write(p.buf.Bytes())
}

// Close returns the first error of the writer. It does not close the writer.
func (p *Plain) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

func (p *Plain) render(e event.Event) {
	switch e := e.(type) {
	case event.RunStarted:
		p.runStarted(e)
	case event.StepStarted:
		p.began[e.ID] = p.now()
		p.gauge = gauge{}
		p.row(e.Step, start, e.Title)
	case event.StepDone:
		p.stepDone(e)
	case event.StepSkipped:
		p.row(e.Step, skip, sentence(e.Title, e.Reason))
	case event.StepFailed:
		p.stepFailed(e)
	case event.Progress:
		if line, ok := p.gauge.take(e); ok {
			p.detail(line)
		}
	case event.Log:
		p.log(e)
	case event.Notice:
		p.notice(e)
	case event.RunFinished:
		p.runFinished(e)
	}
}

// took prefers what the event says; an event without it gets the clock's word.
func (p *Plain) took(id string, said time.Duration) time.Duration {
	begin, ok := p.began[id]
	if said != 0 || !ok {
		return said
	}
	return p.now().Sub(begin)
}

var _ event.Sink = (*Plain)(nil)
