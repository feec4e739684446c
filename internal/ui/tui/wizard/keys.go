package wizard

import (
	tea "charm.land/bubbletea/v2"
)

// key moves between questions and pages; other keys are for the field.
func (s *screen) key(msg tea.KeyPressMsg) tea.Cmd {
	switch msg.String() {
	case "ctrl+c":
		return tea.Quit
	case "enter", "tab":
		return s.forward()
	case "shift+tab":
		return s.back()
	case "esc":
		return s.pageBack()
	case "pgdown":
		return s.pageKey(s.pageForward, 1)
	case "pgup":
		return s.pageKey(s.pageBack, -1)
	case "up":
		if s.atEdge(0) {
			return s.back()
		}
	case "down":
		if s.atEdge(len(s.question().options) - 1) {
			return s.forward()
		}
	case "space":
		if q := s.question(); q.kind == action {
			return s.start(q)
		}
	}
	return s.give(msg)
}

// pageKey turns the page, or moves the text of the last one.
func (s *screen) pageKey(turn func() tea.Cmd, step int) tea.Cmd {
	if s.at != "summary" {
		return turn()
	}
	s.scroll = max(0, s.scroll+step*max(1, s.window-2))
	return nil
}

// atEdge tells whether an arrow leaves the question: always, unless it still
// has values to move over.
func (s *screen) atEdge(edge int) bool {
	q := s.question()
	if q.kind != pick {
		return true
	}
	if s.at == "summary" {
		return false
	}
	return edge >= 0 && q.options[edge].value == s.d.get(q.id)
}

func (s *screen) start(q question) tea.Cmd {
	if s.busy != "" || s.try == nil {
		return nil
	}
	delete(s.told, q.id)
	s.busy = q.id
	return s.try(q)
}

// give lets the field have the key and takes the value that it then has.
func (s *screen) give(msg tea.Msg) tea.Cmd {
	q := s.question()
	before := s.editor.value
	value, cmd := s.editor.update(msg)
	if value != before {
		s.d.set(q.id, value)
		s.typed, s.pushed = true, false
		clear(s.told)
	}
	return cmd
}

// forward goes to the next question, or past the last one to the next page. A
// wrong value is not left behind.
func (s *screen) forward() tea.Cmd {
	if err := s.question().verify(s.d, s.d.get(s.question().id)); err != nil {
		s.pushed = true
		return nil
	}
	if s.focus < len(s.questions())-1 {
		return s.look(s.focus + 1)
	}
	return s.pageForward()
}

func (s *screen) back() tea.Cmd {
	if s.focus > 0 {
		return s.look(s.focus - 1)
	}
	return s.pageBack()
}

func (s *screen) pageForward() tea.Cmd {
	if i, _ := s.d.wrong(s.questions()); i >= 0 {
		cmd := s.look(i)
		s.pushed = true
		return cmd
	}
	list := s.d.pages()
	_, i := s.page()
	if s.at == "summary" {
		return s.decide(list)
	}
	return s.open(list[i+1].id, 0)
}

func (s *screen) pageBack() tea.Cmd {
	list := s.d.pages()
	_, i := s.page()
	if i == 0 {
		return nil
	}
	return s.open(list[i-1].id, 0)
}

// decide takes the answer of the last page.
func (s *screen) decide(list []page) tea.Cmd {
	switch s.d.get("go") {
	case "yes":
		s.agreed = true
		return tea.Quit
	case "back":
		return s.open(list[0].id, 0)
	}
	return tea.Quit
}
