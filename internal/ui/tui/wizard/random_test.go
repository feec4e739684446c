package wizard

import (
	"math/rand"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/sentryctl/sentryctl/internal/config"
)

// keyPress is a key as the terminal library tells it.
func keyPress(name string) tea.KeyPressMsg {
	codes := map[string]tea.KeyPressMsg{
		"enter": {Code: tea.KeyEnter}, "tab": {Code: tea.KeyTab}, "shift+tab": {Code: tea.KeyTab, Mod: tea.ModShift},
		"up": {Code: tea.KeyUp}, "down": {Code: tea.KeyDown}, "esc": {Code: tea.KeyEscape}, "pgup": {Code: tea.KeyPgUp},
		"pgdown": {Code: tea.KeyPgDown}, "backspace": {Code: tea.KeyBackspace}, "space": {Code: tea.KeySpace, Text: " "},
	}
	if k, ok := codes[name]; ok {
		return k
	}
	return tea.KeyPressMsg{Code: rune(name[0]), Text: name}
}

// Whatever is pressed, on a terminal of whatever size: the screen fits, no
// secret is seen, and the answers are either refused or good.
func TestAnyKeysOnAnyScreen(t *testing.T) {
	keys := []string{"enter", "enter", "enter", "enter", "tab", "shift+tab", "up", "down", "down", "down", "esc", "pgup", "pgdown", "pgdown",
		"backspace", "space", "a", "9", "@", "é", ":"}
	for seed := range int64(10) {
		r := rand.New(rand.NewSource(seed))
		d := newDraft(everything())
		s := newScreen(d, Options{Width: 80, Height: 24, ASCII: seed%2 == 0})
		for range 150 {
			s.Update(keyPress(keys[r.Intn(len(keys))]))
			if r.Intn(20) == 0 {
				s.Update(tea.WindowSizeMsg{Width: 1 + r.Intn(140), Height: 1 + r.Intn(50)})
			}
			text := ansi.Strip(s.content())
			if n := strings.Count(text, "\n") + 1; n > max(s.height, 5) {
				t.Fatalf("seed %d: %d lines on a screen of %d", seed, n, s.height)
			}
			if strings.Contains(text, "s3cr3t") {
				t.Fatalf("seed %d: a secret is seen", seed)
			}
		}
		a, err := d.answers()
		if err != nil {
			continue // the summary refuses
		}
		for _, f := range config.Validate(a, d.in.Version) {
			if f.ID == "wrong-value" {
				t.Errorf("seed %d: %s", seed, f.Text)
			}
		}
	}
}
