package transfer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"

	"github.com/sentryctl/sentryctl/internal/fault"
)

// chatterLimit is how much may stand before the data.
const chatterLimit = 1 << 20

// start is where a JSON list of objects begins: at the beginning of a line.
// "[WARNING] …" is none.
var start = regexp.MustCompile(`(?m)^[ \t]*\[\s*[{\]]`)

// payload passes on what the sentry command wrote, without what the image's
// entry point says on the same stream before it: it installs certificates and
// Python packages, and tells.
type payload struct {
	to    io.Writer
	head  []byte
	begun bool
}

func (p *payload) Write(b []byte) (int, error) {
	if p.begun {
		return p.to.Write(b)
	}
	p.head = append(p.head, b...)
	at := start.FindIndex(p.head)
	if at == nil {
		if len(p.head) > chatterLimit {
			return 0, errNoData
		}
		return len(b), nil
	}
	p.begun = true
	if _, err := p.to.Write(p.head[at[0]:]); err != nil {
		return 0, err
	}
	p.head = nil
	return len(b), nil
}

var errNoData = errors.New("what sentry wrote is no list of objects")

// counter reads what is written to it as a JSON list and counts the objects.
type counter struct {
	*io.PipeWriter
	done chan struct{}
	n    int
	err  error
}

func newCounter() *counter {
	r, w := io.Pipe()
	c := &counter{PipeWriter: w, done: make(chan struct{})}
	go func() {
		defer close(c.done)
		c.n, c.err = countObjects(r)
		r.CloseWithError(c.err)
	}()
	return c
}

// result ends the stream and tells how many objects it had, or why it is not
// whole.
func (c *counter) result() (int, error) {
	c.Close()
	<-c.done
	return c.n, c.err
}

func countObjects(r io.Reader) (n int, err error) {
	dec := json.NewDecoder(r)
	if t, err := dec.Token(); err != nil || t != json.Delim('[') {
		return 0, notWhole(errors.Join(errNoData, err))
	}
	for dec.More() {
		var object struct{}
		if err := dec.Decode(&object); err != nil {
			return n, notWhole(err)
		}
		n++
	}
	if _, err := dec.Token(); err != nil {
		return n, notWhole(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return n, notWhole(fmt.Errorf("something follows after %d objects", n))
	}
	return n, nil
}

func notWhole(err error) error {
	return fault.New(fault.Integrity, "Export again, and look at the containers' logs if it stays so", "the export is not whole: %w", err)
}
