// Package tui owns how a run looks on a terminal: a live view of its steps,
// progress and log, which gives way to a short account in the scrollback when
// the run ends, and the yes-or-no question. It decides nothing: keys call back.
package tui

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/sentryctl/sentryctl/internal/event"
)

// Options say how to look and whom to call. The zero value works.
type Options struct {
	Now     func() time.Time
	Cancel  func() // first q or Ctrl-C; must return at once
	Kill    func() // second Ctrl-C, after the terminal was restored
	NoColor bool
	ASCII   bool // the terminal shows no other characters
	Width   int  // columns and lines where the terminal does not tell
	Height  int

	// Expect holds how long steps took in an earlier run, by step ID. Without
	// it no remaining time of the whole is shown, only of the running step.
	Expect map[string]time.Duration
}

// TUI is a Sink with a live view. Emit never waits for the terminal.
type TUI struct {
	o   Options
	out io.Writer
	in  io.Reader

	mu  sync.Mutex
	run *run

	program *tea.Program
	ended   chan struct{} // closed when the program has restored the terminal
	err     error         // of the program; read after ended
	once    sync.Once
}

// New returns a TUI on a terminal. A nil in means that no keys are read, for
// a standard input that is not a terminal.
func New(out io.Writer, in io.Reader, o Options) *TUI {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Cancel == nil {
		o.Cancel = func() {}
	}
	if o.Kill == nil {
		o.Kill = func() {}
	}
	if o.Width <= 0 || o.Height <= 0 {
		o.Width, o.Height = 80, 24
	}
	return &TUI{o: o, out: out, in: in, run: newRun(o.Now, o.Expect), ended: make(chan struct{})}
}

// Start takes the terminal over. It returns at once; Close gives it back.
func (t *TUI) Start() {
	opts := []tea.ProgramOption{
		tea.WithOutput(t.out),
		tea.WithInput(t.in),
		tea.WithWindowSize(t.o.Width, t.o.Height),
		// Signals belong to main, which cancels the run; the view ends with it.
		tea.WithoutSignalHandler(),
	}
	if t.o.NoColor {
		opts = append(opts, tea.WithColorProfile(colorprofile.ASCII))
	}
	t.program = tea.NewProgram(model{t: t, width: t.o.Width, height: t.o.Height}, opts...)
	go func() {
		defer close(t.ended)
		if _, err := t.program.Run(); err != nil && !errors.Is(err, tea.ErrInterrupted) {
			t.err = fmt.Errorf("show the run on the terminal: %w", err)
		}
	}()
}

// Emit takes an event into the view, which is drawn at its own pace.
func (t *TUI) Emit(e event.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.run.apply(e)
}

// Close ends the view, restores the terminal and writes the account of the run
// below what was there before. It may be called more than once, and belongs in
// a defer so that a panic leaves a usable terminal.
func (t *TUI) Close() error {
	t.once.Do(t.close)
	return t.err
}

func (t *TUI) close() {
	if t.program != nil {
		t.program.Quit()
		<-t.ended
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	text := t.paint(t.run.account())
	if _, err := io.WriteString(t.out, text); err != nil && t.err == nil {
		t.err = fmt.Errorf("write the account of the run: %w", err)
	}
}

// Stopping tells the admin that the run has been asked to end, by a signal and
// not by a key.
func (t *TUI) Stopping() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.run.stopping = true
}

// Abort restores the terminal and calls Kill: for a second signal.
func (t *TUI) Abort() {
	if t.program != nil {
		t.program.Quit()
		<-t.ended
	}
	t.o.Kill()
}

func (t *TUI) paint(lines []line) string {
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(l.render(!t.o.NoColor))
		b.WriteByte('\n')
	}
	if t.o.ASCII {
		return toASCII.Replace(b.String())
	}
	return b.String()
}

// UTF8 tells whether an environment (as os.Getenv reads it) promises a
// terminal that shows more than ASCII. Silence counts as yes.
func UTF8(getenv func(string) string) bool {
	if getenv("TERM") == "linux" {
		return false // the kernel's console has a small font
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToLower(getenv(name)); v != "" {
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return true
}

var _ event.Sink = (*TUI)(nil)
