package main

import (
	"bytes"
	"syscall"
	"testing"
	"time"

	"github.com/sentryctl/sentryctl/internal/ui/tui"
)

func TestASecondSignalRestoresTheTerminalAndEnds(t *testing.T) {
	killed := make(chan struct{})
	view := tui.New(&bytes.Buffer{}, nil, tui.Options{Kill: func() { close(killed) }})
	view.Start()
	release := abortOnSecondSignal(view)
	defer release()
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		if err := syscall.Kill(syscall.Getpid(), s); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case <-killed:
	case <-time.After(20 * time.Second):
		t.Fatal("the second signal did not end the view")
	}
}
