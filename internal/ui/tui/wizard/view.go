package wizard

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"github.com/sentryctl/sentryctl/internal/ui/format"
)

const (
	labelWidth = 24
	helpLines  = 3
	widest     = 110 // lines that are longer are hard to read
)

func (s *screen) columns() int { return min(max(s.width, 20), widest) - 2 }

func (s *screen) fieldWidth() int { return max(10, s.columns()-labelWidth-2) }

func (s *screen) View() tea.View {
	v := tea.NewView(s.content())
	v.AltScreen = true
	return v
}

// content draws the page: head, questions, note, and at the foot help and keys.
func (s *screen) content() string {
	p, at := s.page()
	out := append(s.head(at), "", " "+heading.Render(p.title), "")
	foot := s.foot()
	room := s.height - len(out) - len(foot)
	questions := s.questionLines()
	if p.id == "summary" {
		out = append(out, s.pane(p, room-len(questions)-1)...)
		out = append(append(out, ""), questions...)
	} else {
		out = append(out, fold(questions, room, s.focusLine())...)
		out = append(out, s.note(p, room-len(questions))...)
	}
	for len(out) < s.height-len(foot) {
		out = append(out, "")
	}
	text := strings.Join(append(out[:max(0, s.height-len(foot))], foot...), "\n")
	if s.ascii {
		return toASCII.Replace(text)
	}
	return text
}

func (s *screen) head(at int) []string {
	left := "sentryctl " + s.d.in.Workflow + " " + bold.Render(s.d.in.Version.String()) + faint.Render(" · "+s.d.in.Site)
	n := len(s.d.pages())
	right := faint.Render(fmt.Sprintf("%d of %d", at+1, n))
	gap := s.columns() - lipgloss.Width(left) - lipgloss.Width(right)
	if gap < 1 {
		left, gap = lipgloss.NewStyle().MaxWidth(max(1, s.columns()-lipgloss.Width(right)-1)).Render(left), 1
	}
	full := s.columns() * (at + 1) / n
	return []string{
		" " + left + strings.Repeat(" ", gap) + right,
		" " + accent.Render(strings.Repeat("━", full)) + faint.Render(strings.Repeat("╌", s.columns()-full)),
	}
}

// questionLines draws the questions; the one in focus is open.
func (s *screen) questionLines() []string {
	var out []string
	for i, q := range s.questions() {
		if i != s.focus {
			out = append(out, "   "+format.Pad(q.label, labelWidth-3)+" "+s.closed(q))
			continue
		}
		value := s.editor.view()
		if q.kind == action {
			value = s.closed(q)
		}
		label := " " + accent.Render("▸") + " " + bold.Render(format.Pad(q.label, labelWidth-3)) + " "
		for j, line := range strings.Split(value, "\n") {
			if j > 0 {
				label = strings.Repeat(" ", labelWidth+1)
			}
			out = append(out, label+strings.TrimRight(line, " "))
		}
	}
	return out
}

// focusLine is the row of the question in focus.
func (s *screen) focusLine() int { return s.focus }

// closed is the value of a question that has not the focus.
func (s *screen) closed(q question) string {
	if q.kind == action {
		return s.actionLine(q)
	}
	if v := s.d.shownValue(q); v != "" {
		return format.Cut(format.Clean(v), s.fieldWidth(), "…")
	}
	if s.d.byDefault(q) != "" {
		return faint.Render(s.d.placeholder(q))
	}
	return faint.Render("–")
}

func (s *screen) actionLine(q question) string {
	told, done := s.told[q.id]
	switch {
	case s.busy == q.id:
		return faint.Render("trying …")
	case done && told.err != nil:
		return bad.Render(format.Cut("✗ "+format.Clean(told.err.Error()), s.fieldWidth(), "…"))
	case done:
		return good.Render(format.Cut("✓ "+format.Clean(told.told), s.fieldWidth(), "…"))
	}
	return faint.Render("press Space to try")
}

// fold leaves out rows far from the focus when there are more than fit.
func fold(lines []string, room, focus int) []string {
	if len(lines) <= room {
		return lines
	}
	from := min(max(0, focus-room/2), len(lines)-max(room, 0))
	return lines[from : from+max(room, 0)]
}

// note draws what a page says beside its questions, as far as it fits.
func (s *screen) note(p page, room int) []string {
	if p.note == nil || room < 2 {
		return nil
	}
	out := []string{""}
	for _, line := range p.note(s.d) {
		out = append(out, s.noteLines(line)...)
	}
	return out[:min(len(out), room)]
}

func (s *screen) noteLines(line string) []string {
	width := s.columns() - 2
	if format.Width(line) > width && !strings.Contains(line, "  ") {
		var out []string
		for _, l := range format.Wrap(line, width) {
			out = append(out, "   "+tint(line).Render(l))
		}
		return out
	}
	return []string{"   " + tint(line).Render(format.Cut(line, width, "…"))}
}

// tint gives a line the colour of what it begins with.
func tint(line string) lipgloss.Style {
	switch {
	case strings.HasPrefix(line, "✗"):
		return bad
	case strings.HasPrefix(line, "✓"):
		return good
	case strings.HasPrefix(line, "!"):
		return warning
	case strings.HasPrefix(line, "+++"), strings.HasPrefix(line, "---"), strings.HasPrefix(line, "@@"):
		return accent
	case strings.HasPrefix(line, "+"):
		return good
	case strings.HasPrefix(line, "-"):
		return bad.UnsetBold()
	}
	return lipgloss.NewStyle()
}

// pane shows a part of a long note; PgUp and PgDn move it.
func (s *screen) pane(p page, room int) []string {
	var all []string
	for _, line := range p.note(s.d) {
		all = append(all, s.noteLines(line)...)
	}
	if room < 1 {
		return nil
	}
	s.window = room
	s.scroll = min(s.scroll, max(0, len(all)-room))
	part := all[s.scroll:min(len(all), s.scroll+room)]
	if below := len(all) - s.scroll - len(part); below > 0 && len(part) > 0 {
		part = append(part[:len(part)-1:len(part)-1], "   "+faint.Render(fmt.Sprintf("… %d more lines: PgDn", below+1)))
	}
	return part
}

// foot is the help of the question in focus, what is wrong, and the keys.
func (s *screen) foot() []string {
	q := s.question()
	lines := format.Wrap(q.help, s.columns())
	if err := q.verify(s.d, s.d.get(q.id)); err != nil && (s.typed && s.d.get(q.id) != "" || s.pushed) {
		lines = append(lines[:min(len(lines), helpLines-1)], "✗ "+format.Sentence(err.Error())+".")
	}
	out := []string{" " + faint.Render(strings.Repeat("─", s.columns()))}
	room := helpLines
	if s.at == "summary" {
		lines, room = lines[1:], 1 // the keys say it
	}
	for i := range room {
		line := ""
		if i < len(lines) {
			line = " " + tint(lines[i]).Render(format.Cut(lines[i], s.columns(), "…"))
		}
		out = append(out, line)
	}
	return append(out, " "+s.keys(q))
}

func (s *screen) keys(q question) string {
	type hint struct{ key, does string }
	hints := []hint{{"Enter", "next"}, {"Shift-Tab", "back"}}
	if q.kind == pick && s.at != "summary" {
		hints = append([]hint{{"↑ ↓", "choose"}}, hints...)
	}
	if s.at == "summary" {
		hints[0].does = "take it"
		hints = append(hints[:1:1], hint{"PgUp PgDn", "read"}, hints[1])
		hints = append([]hint{{"↑ ↓", "choose"}}, hints...)
	}
	if q.kind == action {
		hints = append([]hint{{"Space", "try"}}, hints...)
	}
	if _, at := s.page(); at > 0 && s.at != "summary" {
		hints = append(hints, hint{"Esc", "page back"})
	}
	hints = append(hints, hint{"Ctrl-C", "leave"})
	var parts []string
	for _, h := range hints {
		parts = append(parts, bold.Render(h.key)+faint.Render(" "+h.does))
	}
	return strings.Join(parts, "   ")
}

// toASCII stands in for the few other characters of the screen.
var toASCII = strings.NewReplacer("━", "#", "╌", "-", "─", "-", "✓", "+", "✗", "x", "–", "-", "·", ".", "…", "~",
	"↑", "Up", "↓", "Down", "▸", ">", "●", "*", "•", "*")
