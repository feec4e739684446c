package remote

import (
	"context"
	"fmt"
	"io"
	"time"
)

// watched is a body whose reader is cancelled when nothing comes for a while.
type watched struct {
	body   io.ReadCloser
	idle   time.Duration
	timer  *time.Timer
	cancel context.CancelCauseFunc
	silent chan struct{}
}

func newWatched(body io.ReadCloser, idle time.Duration, cancel context.CancelCauseFunc) *watched {
	w := &watched{body: body, idle: idle, cancel: cancel, silent: make(chan struct{})}
	w.timer = time.AfterFunc(idle, func() {
		close(w.silent)
		cancel(context.DeadlineExceeded)
	})
	return w
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.body.Read(p)
	select {
	case <-w.silent:
		return n, fmt.Errorf("the server sent nothing for %s", w.idle)
	default:
	}
	if w.timer.Stop() { // a timer that has fired must not fire again
		w.timer.Reset(w.idle)
	}
	return n, err
}

func (w *watched) Close() error {
	w.timer.Stop()
	w.cancel(nil)
	return w.body.Close()
}
