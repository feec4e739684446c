package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"
)

// frame is how often the view is drawn: often enough for a spinner, rare
// enough for an SSH line.
const frame = 100 * time.Millisecond

type tick struct{}

func nextTick() tea.Cmd {
	return tea.Tick(frame, func(time.Time) tea.Msg { return tick{} })
}

// model is what the terminal library drives. The run itself stays in TUI,
// under its lock, so that a flood of events never queues up here.
type model struct {
	t             *TUI
	width, height int
}

func (m model) Init() tea.Cmd { return nextTick() }

func (m model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tick:
		return m, nextTick()
	case tea.WindowSizeMsg:
		if msg.Width > 0 && msg.Height > 0 {
			m.width, m.height = msg.Width, msg.Height
		}
	case tea.KeyPressMsg:
		return m, m.key(msg.String())
	}
	return m, nil
}

func (m model) View() tea.View {
	v := tea.NewView(m.content())
	v.AltScreen = true
	v.DisableBracketedPasteMode = true
	return v
}

func (m model) content() string {
	t := m.t
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := layout(t.run, m.width, m.height)
	for i := range lines {
		lines[i] = lines[i].cut(m.width)
	}
	text := t.paint(lines)
	if text == "" {
		return text
	}
	return text[:len(text)-1]
}

func (m model) key(name string) tea.Cmd {
	t := m.t
	t.mu.Lock()
	defer t.mu.Unlock()
	page := max(1, m.height/3)
	switch name {
	case "up", "k":
		t.run.log.scroll(1)
	case "down", "j":
		t.run.log.scroll(-1)
	case "pgup":
		t.run.log.scroll(page)
	case "pgdown":
		t.run.log.scroll(-page)
	case "home":
		t.run.log.scroll(maxLog)
	case "end":
		t.run.log.scroll(-maxLog)
	case "l":
		t.run.log.hidden = !t.run.log.hidden
	case "q", "ctrl+c":
		return m.stop(name)
	}
	return nil
}

// stop asks for the end of the run; a second Ctrl-C does not ask.
func (m model) stop(name string) tea.Cmd {
	t := m.t
	if !t.run.stopping {
		t.run.stopping = true
		cancel := t.o.Cancel
		return func() tea.Msg { cancel(); return nil }
	}
	if name != "ctrl+c" {
		return nil
	}
	go t.Abort() // outside of the loop that it ends
	return nil
}
