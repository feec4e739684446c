package wizard

import (
	"context"
	"errors"
	"fmt"
	"io"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
)

// ask runs the wizard on a screen.
func ask(ctx context.Context, in io.Reader, out io.Writer, d *draft, o Options) error {
	if o.Width <= 0 || o.Height <= 0 {
		o.Width, o.Height = 80, 24
	}
	trying, stop := context.WithCancel(ctx)
	defer stop()
	s := newScreen(d, o)
	s.try = func(q question) tea.Cmd {
		as := d.clone() // the admin types on meanwhile
		return func() tea.Msg {
			told, err := q.run(trying, as)
			return tried{q.id, told, err}
		}
	}
	opts := []tea.ProgramOption{
		tea.WithContext(ctx), tea.WithInput(in), tea.WithOutput(out),
		tea.WithWindowSize(o.Width, o.Height), tea.WithoutSignalHandler(),
	}
	if o.NoColor {
		opts = append(opts, tea.WithColorProfile(colorprofile.ASCII))
	}
	_, err := tea.NewProgram(s, opts...).Run()
	switch {
	case ctx.Err() != nil, errors.Is(err, tea.ErrInterrupted):
		return errLeft
	case err != nil:
		return fmt.Errorf("show the wizard on the terminal: %w", err)
	case !s.agreed:
		return errLeft
	}
	return nil
}

// screen is what the terminal library drives: one page, one question in focus.
type screen struct {
	d             *draft
	try           func(question) tea.Cmd
	ascii         bool
	width, height int

	at     string // ID of the page
	focus  int    // index into the questions of the page
	editor *editor
	typed  bool             // since the focus came here
	pushed bool             // Enter was refused
	window int              // lines of the note that are seen
	scroll int              // lines of the note above its window
	busy   string           // action that runs
	told   map[string]tried // what actions said
	agreed bool
}

// tried is what came of an action.
type tried struct {
	id, told string
	err      error
}

func newScreen(d *draft, o Options) *screen {
	s := &screen{d: d, ascii: o.ASCII, width: o.Width, height: o.Height, told: map[string]tried{}}
	s.open(d.pages()[0].id, 0)
	return s
}

func (s *screen) Init() tea.Cmd { return nil }

func (s *screen) page() (page, int) {
	for i, p := range s.d.pages() {
		if p.id == s.at {
			return p, i
		}
	}
	return s.d.pages()[0], 0
}

func (s *screen) questions() []question {
	p, _ := s.page()
	return s.d.questions(p)
}

func (s *screen) question() question { return s.questions()[s.focus] }

// open shows a page with the focus on one of its questions.
func (s *screen) open(id string, focus int) tea.Cmd {
	if id == "summary" && s.at != id {
		s.d.values["go"], s.d.result = "yes", s.d.summary()
	}
	s.at, s.scroll = id, 0
	return s.look(focus)
}

// look moves the focus on the page.
func (s *screen) look(focus int) (cmd tea.Cmd) {
	s.focus = min(max(focus, 0), len(s.questions())-1)
	s.typed, s.pushed = false, false
	s.editor, cmd = edit(s.d, s.question(), s.fieldWidth())
	return cmd
}

func (s *screen) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		if msg.Width > 0 && msg.Height > 0 {
			s.width, s.height = msg.Width, msg.Height
			return s, s.resize()
		}
		return s, nil
	case tried:
		s.busy = ""
		s.told[msg.id] = msg
		return s, nil
	case tea.KeyPressMsg:
		return s, s.key(msg)
	case tea.PasteMsg:
		return s, s.give(msg)
	}
	_, cmd := s.editor.update(msg)
	return s, cmd
}

// resize keeps the value that is being typed.
func (s *screen) resize() tea.Cmd {
	typed, pushed := s.typed, s.pushed
	cmd := s.look(s.focus)
	s.typed, s.pushed = typed, pushed
	return cmd
}
