package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"golang.org/x/term"

	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/ui/plain"
	"github.com/sentryctl/sentryctl/internal/ui/redact"
	"github.com/sentryctl/sentryctl/internal/ui/tui"
)

// sink returns where a run speaks, in the form that the output mode and the
// terminal ask for, with secrets masked; values that become known later are
// given to Add. The run calls cancel when the admin asks it to end. The
// function returned ends the talk; it must be called before an error is
// reported, and belongs in a defer so that a panic restores the terminal.
func (a *app) sink(ctx context.Context, cancel func()) (*redact.Sink, func() error) {
	next, end := a.voice(ctx, cancel)
	a.masks = redact.New(next)
	return a.masks, end
}

// withSink has work talk through a.sink. The talk is over when it returns.
func (a *app) withSink(ctx context.Context, work func(ctx context.Context, sink *redact.Sink) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	sink, hush := a.sink(ctx, cancel)
	done := sync.OnceValue(hush)
	defer done()
	err := work(ctx, sink)
	if silent := done(); err == nil {
		err = silent
	}
	return err
}

func (a *app) voice(ctx context.Context, cancel func()) (event.Sink, func() error) {
	s := a.streams()
	switch chooseVoice(a.output, s) {
	case "json":
		return a.lines, a.lines.Close
	case "tui":
		return a.live(ctx, cancel, s)
	}
	p := plain.New(a.stderr, plain.Options{Color: s.errTerminal && !s.noColor && !s.dumb})
	if a.output == "tui" {
		p.Emit(event.Notice{Level: "warn", Text: "standard error is not a terminal with a cursor: plain lines follow"})
	}
	return p, p.Close
}

// live starts the view on a terminal. Data goes to stdout, so talk, and the
// view with it, stays on stderr.
func (a *app) live(ctx context.Context, cancel func(), s streams) (event.Sink, func() error) {
	var keys io.Reader
	if s.inTerminal {
		keys = a.stdin
	}
	t := tui.New(a.stderr, keys, tui.Options{
		Cancel:  cancel,
		Kill:    func() { a.exit(int(fault.Cancelled)) },
		NoColor: s.noColor,
		ASCII:   !tui.UTF8(a.getenv),
		Expect:  a.past,
	})
	t.Start()
	silent := context.AfterFunc(ctx, t.Stopping)
	release := abortOnSecondSignal(t)
	return t, func() error {
		silent()
		release()
		return t.Close()
	}
}

// abortOnSecondSignal restores the terminal when a second signal comes, which
// would end the process in the middle of the view.
func abortOnSecondSignal(t *tui.TUI) (release func()) {
	signals, over := make(chan os.Signal, 2), make(chan struct{})
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		for n := 1; ; n++ {
			select {
			case <-over:
				return
			case <-signals:
			}
			if n == 2 {
				t.Abort()
			}
		}
	}()
	return func() {
		signal.Stop(signals)
		close(over)
	}
}

// streams is what the choice of a voice depends on.
type streams struct {
	inTerminal, outTerminal, errTerminal bool

	dumb, noColor, ci bool
}

func (a *app) streams() streams {
	return streams{
		inTerminal: isTerminal(a.stdin), outTerminal: isTerminal(a.stdout), errTerminal: isTerminal(a.stderr),
		dumb:    a.getenv("TERM") == "" || a.getenv("TERM") == "dumb",
		noColor: a.getenv("NO_COLOR") != "",
		ci:      a.getenv("CI") != "" && a.getenv("CI") != "false",
	}
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// chooseVoice returns tui, plain or json. A wish for tui is granted wherever
// it can be drawn; auto also wants somebody to watch.
func chooseVoice(mode string, s streams) string {
	canDraw := s.errTerminal && !s.dumb
	switch {
	case mode == "json", mode == "plain":
		return mode
	case mode == "tui" && canDraw:
		return "tui"
	case mode == "auto" && canDraw && s.outTerminal && !s.ci:
		return "tui"
	}
	return "plain"
}

// confirm asks a yes-or-no question, or refuses with a usage error where
// nobody can answer.
func (a *app) confirm(ctx context.Context, question string, def bool) (bool, error) {
	if a.jsonOut() || !isTerminal(a.stdin) {
		return false, fault.New(fault.Usage, "Add --yes to go on without being asked", "nobody is there to answer: %s", question)
	}
	return tui.Confirm(ctx, a.stdin, a.stderr, question, def)
}
