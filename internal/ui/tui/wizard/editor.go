package wizard

import (
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"charm.land/huh/v2"
	"charm.land/lipgloss/v2"
)

// editor is the field of the question that has the focus. Movement between
// questions is the screen's, so the field knows no other keys than its own.
type editor struct {
	field huh.Field
	value string
}

// edit makes the field of a question.
func edit(d *draft, q question, width int) (*editor, tea.Cmd) {
	e := &editor{value: d.get(q.id)}
	switch q.kind {
	case pick:
		e.field = pickField(e, q)
	case text, secret:
		e.field = textField(e, d, q)
	default:
		return e, nil
	}
	e.field.WithTheme(huh.ThemeFunc(theme)).WithKeyMap(fieldKeys()).WithWidth(width)
	return e, e.field.Focus()
}

func pickField(e *editor, q question) huh.Field {
	options := make([]huh.Option[string], 0, len(q.options))
	for _, c := range q.options {
		options = append(options, huh.NewOption(c.label, c.value))
	}
	return huh.NewSelect[string]().Options(options...).Value(&e.value)
}

func textField(e *editor, d *draft, q question) huh.Field {
	in := huh.NewInput().Prompt("").Value(&e.value).Placeholder(d.placeholder(q))
	if q.kind == secret {
		in.EchoMode(huh.EchoModePassword)
	}
	return in
}

func (d *draft) placeholder(q question) string {
	switch {
	case d.keeps(q):
		return "as it is"
	case d.byDefault(q) != "":
		return d.byDefault(q) + ", as the release has it"
	case q.example != "":
		return "such as " + q.example
	}
	return ""
}

// update hands a message to the field and returns the value that it then has.
func (e *editor) update(msg tea.Msg) (string, tea.Cmd) {
	if e.field == nil {
		return e.value, nil
	}
	m, cmd := e.field.Update(msg)
	if f, ok := m.(huh.Field); ok {
		e.field = f
	}
	return e.value, cmd
}

func (e *editor) view() string {
	if e.field == nil {
		return ""
	}
	return e.field.View()
}

func fieldKeys() *huh.KeyMap {
	none := key.NewBinding()
	return &huh.KeyMap{
		Quit:  none,
		Input: huh.InputKeyMap{AcceptSuggestion: none, Next: none, Prev: none, Submit: none},
		Select: huh.SelectKeyMap{
			Up:   key.NewBinding(key.WithKeys("up", "k")),
			Down: key.NewBinding(key.WithKeys("down", "j")),
		},
	}
}

// The colours are the terminal's own sixteen, so that they fit its theme.
var (
	bold    = lipgloss.NewStyle().Bold(true)
	faint   = lipgloss.NewStyle().Faint(true)
	accent  = lipgloss.NewStyle().Foreground(lipgloss.Cyan)
	heading = lipgloss.NewStyle().Foreground(lipgloss.Cyan).Bold(true)
	good    = lipgloss.NewStyle().Foreground(lipgloss.Green)
	warning = lipgloss.NewStyle().Foreground(lipgloss.Yellow)
	bad     = lipgloss.NewStyle().Foreground(lipgloss.Red).Bold(true)
)

// theme draws a field without the frame and the colours of the library's own.
func theme(bool) *huh.Styles {
	f := huh.FieldStyles{
		SelectSelector:   accent.SetString("● "),
		SelectedOption:   bold,
		UnselectedOption: lipgloss.NewStyle(),
		TextInput: huh.TextInputStyles{
			Cursor: accent, Placeholder: faint, Text: bold,
		},
	}
	return &huh.Styles{Focused: f, Blurred: f}
}
