package stack

import (
	"bufio"
	"bytes"
	"io"
	"strings"

	"github.com/moby/moby/api/pkg/stdcopy"

	"github.com/sentryctl/sentryctl/internal/event"
)

const (
	keptOutput = 1 << 20  // of each stream of a command
	lineLimit  = 64 << 10 // a longer line is cut into several
)

// tail keeps the last bytes written to it. A limit of 0 keeps all.
type tail struct {
	limit int
	data  []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.data = append(t.data, p...)
	// Twice the limit is let in, so that the bytes are moved once per limit.
	if t.limit > 0 && len(t.data) > 2*t.limit {
		t.data = append(t.data[:0], t.data[len(t.data)-t.limit:]...)
	}
	return len(p), nil
}

func (t *tail) Bytes() []byte {
	if t.limit > 0 && len(t.data) > t.limit {
		return t.data[len(t.data)-t.limit:]
	}
	return t.data
}

// logLines tells each line written to it as a Log event.
type logLines struct {
	source string
	sink   event.Sink
	buf    []byte
}

func (l *logLines) Write(p []byte) (int, error) {
	l.buf = append(l.buf, p...)
	for {
		i := bytes.IndexByte(l.buf, '\n')
		if i < 0 && len(l.buf) < lineLimit {
			return len(p), nil
		}
		if i < 0 {
			l.emit(l.buf)
			l.buf = l.buf[:0]
			return len(p), nil
		}
		l.emit(l.buf[:i])
		l.buf = append(l.buf[:0], l.buf[i+1:]...)
	}
}

// flush tells what the last line break left over.
func (l *logLines) flush() {
	if len(l.buf) > 0 {
		l.emit(l.buf)
		l.buf = nil
	}
}

func (l *logLines) emit(line []byte) {
	// A progress bar redraws its line: what stands at the end is what counts.
	text := strings.TrimRight(string(line), "\r \t")
	if i := strings.LastIndexByte(text, '\r'); i >= 0 {
		text = text[i+1:]
	}
	if text != "" {
		l.sink.Emit(event.Log{Source: l.source, Text: text})
	}
}

// capture keeps both streams of a command and tells their lines.
type capture struct {
	stdout, stderr tail
	out, err       *logLines // nil: not told
}

// newCapture bounds what is kept. Quiet output is not told, and its stdout is
// kept whole: it is data that the caller asked for.
func newCapture(source string, quiet bool, sink event.Sink) *capture {
	c := &capture{stdout: tail{limit: keptOutput}, stderr: tail{limit: keptOutput}}
	if quiet {
		c.stdout.limit = 0
		return c
	}
	c.out, c.err = &logLines{source: source, sink: sink}, &logLines{source: source, sink: sink}
	return c
}

func (c *capture) flush() {
	if c.out != nil {
		c.out.flush()
		c.err.flush()
	}
}

// stream gives the writer of one of the two streams.
func (c *capture) stream(keep *tail, told *logLines) writerFunc {
	return func(p []byte) (int, error) {
		if told != nil {
			_, _ = told.Write(p) // never fails
		}
		return keep.Write(p)
	}
}

func (c *capture) stdoutWriter() writerFunc { return c.stream(&c.stdout, c.out) }
func (c *capture) stderrWriter() writerFunc { return c.stream(&c.stderr, c.err) }

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// lastLines gives the last n lines that say something, joined by "; ".
func lastLines(data []byte, n int) string {
	var lines []string
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines[max(0, len(lines)-n):], "; ")
}

// copyLog copies what a container wrote. One with a terminal has a plain
// stream, which does not parse as two.
func copyLog(to io.Writer, from io.Reader) {
	r := bufio.NewReader(io.LimitReader(from, 4<<20))
	head, _ := r.Peek(8)
	if len(head) == 8 && head[0] <= 2 && head[1] == 0 && head[2] == 0 && head[3] == 0 {
		_, _ = stdcopy.StdCopy(to, to, r)
		return
	}
	_, _ = io.Copy(to, r)
}
