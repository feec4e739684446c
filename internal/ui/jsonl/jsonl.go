// Package jsonl owns how a run reads to another program: one JSON object per
// line, its type first. It is the only writer of its stream, so that events
// and a command's result never tear each other's lines. The fields are part of
// the public interface (docs/output.md).
package jsonl

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/sentryctl/sentryctl/internal/event"
)

// TimeLayout is how the time of an event is written: UTC, milliseconds.
const TimeLayout = "2006-01-02T15:04:05.000Z"

// Writer is a Sink that writes JSON lines. The zero value is of no use; see
// New.
type Writer struct {
	mu  sync.Mutex
	w   io.Writer
	now func() time.Time
	buf bytes.Buffer
	err error
}

// New returns a Writer on w, each line with one Write. Events get their time
// from now; nil means time.Now.
func New(w io.Writer, now func() time.Time) *Writer {
	if now == nil {
		now = time.Now
	}
	return &Writer{w: w, now: now}
}

// Emit writes one event. After a failed write it stays silent; Close tells.
func (j *Writer) Emit(e event.Event) {
	if e == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err != nil {
		return
	}
	j.err = j.line(struct {
		Type string `json:"type"`
		Time string `json:"time"`
	}{e.Type(), j.now().UTC().Format(TimeLayout)}, e)
}

// Write writes any other value as one line: a command's result or error,
// which should carry its own type. It returns the stream's first error.
func (j *Writer) Write(v any) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err == nil {
		j.err = j.line(v)
	}
	return j.err
}

// Close returns the first error of the stream. It does not close the stream.
func (j *Writer) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.err
}

// line writes the fields of all parts as one object. Parts after the first
// must be objects.
func (j *Writer) line(parts ...any) error {
	j.buf.Reset()
	enc := json.NewEncoder(&j.buf)
	enc.SetEscapeHTML(false)
	for i, p := range parts {
		at := j.buf.Len()
		if err := enc.Encode(p); err != nil {
			return fmt.Errorf("encode output: %w", err)
		}
		if i > 0 {
			j.join(at)
		}
	}
	if _, err := j.w.Write(j.buf.Bytes()); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	return nil
}

// join makes one object of two: `{"a":1}⏎{"b":2}⏎` becomes `{"a":1,"b":2}⏎`.
func (j *Writer) join(at int) {
	b := j.buf.Bytes()
	if string(b[at:]) == "{}\n" {
		j.buf.Truncate(at)
		return
	}
	b[at-2] = ','
	copy(b[at-1:], b[at+1:])
	j.buf.Truncate(len(b) - 2)
}

var _ event.Sink = (*Writer)(nil)
