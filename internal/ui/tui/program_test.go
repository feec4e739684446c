package tui

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/ui/uitest"
)

// screen is a terminal's output that may be written and read at once.
type screen struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

const (
	enterScreen = "\x1b[?1049h"
	leaveScreen = "\x1b[?1049l"
)

func TestLiveViewGivesWayToTheAccount(t *testing.T) {
	out := &screen{}
	ui := New(out, nil, Options{NoColor: true})
	ui.Start()
	for _, b := range uitest.Install(uitest.AtFinished) {
		ui.Emit(b.Event)
	}
	if err := errors.Join(ui.Close(), ui.Close()); err != nil {
		t.Fatal(err)
	}
	_, account, found := strings.Cut(out.String(), leaveScreen)
	if !strings.Contains(out.String(), enterScreen) || !found {
		t.Fatalf("the screen was not entered and left: %q", out.String())
	}
	for _, want := range []string{"✓ Prove the front door", "Sentry answers at http://sentry.example.com:9000", "Install done in 3 min 19 s"} {
		if !strings.Contains(account, want) {
			t.Errorf("the account lacks %q: %q", want, account)
		}
	}
	ui.Emit(event.Log{Text: "after the end"})
}

func TestCtrlCCancelsThenKills(t *testing.T) {
	in, keys := io.Pipe()
	out := &screen{}
	cancelled, killed := make(chan struct{}), make(chan struct{})
	ui := New(out, in, Options{Cancel: func() { close(cancelled) }, Kill: func() { close(killed) }})
	ui.Start()
	defer ui.Close()
	press := func(key string) {
		if _, err := io.WriteString(keys, key); err != nil {
			t.Error(err)
		}
	}
	press("q")
	wait(t, cancelled, "q did not cancel")
	press("q") // asks for nothing more
	press("\x03")
	wait(t, killed, "the second Ctrl-C did not kill")
	if !strings.Contains(out.String(), leaveScreen) {
		t.Error("killed before the terminal was restored")
	}
	keys.Close()
}

func wait(t *testing.T, c <-chan struct{}, complaint string) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(20 * time.Second):
		t.Fatal(complaint)
	}
}

func TestKeysMoveTheLog(t *testing.T) {
	ui := played(uitest.AtMid, Options{})
	m := model{t: ui, width: 80, height: 24}
	for _, c := range []struct {
		key    string
		up     int
		hidden bool
	}{{"up", 1, false}, {"pgup", 9, false}, {"down", 8, false}, {"pgdown", 0, false}, {"home", len(ui.run.log.ring) - 1, false}, {"end", 0, false}, {"l", 0, true}, {"l", 0, false}, {"x", 0, false}} {
		m.key(c.key)
		if ui.run.log.up != c.up || ui.run.log.hidden != c.hidden {
			t.Errorf("after %s: got up %d hidden %v, want %d %v", c.key, ui.run.log.up, ui.run.log.hidden, c.up, c.hidden)
		}
	}
}

func TestConfirm(t *testing.T) {
	cases := []struct {
		name, in string
		def      bool
		want     bool
	}{
		{"yes", "y\n", false, true},
		{"YES", " YES \n", false, true},
		{"no", "n\n", true, false},
		{"enter takes the default no", "\n", false, false},
		{"enter takes the default yes", "\n", true, true},
		{"asked again", "what\nyes\n", false, true},
		{"three wrong answers mean no", "a\nb\nc\ny\n", true, false},
		{"end of input means no", "", true, false},
		{"last line without a newline", "y", false, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			got, err := Confirm(context.Background(), strings.NewReader(c.in), &out, "Install Sentry 25.10.0 to /opt/sentry?", c.def)
			if err != nil || got != c.want {
				t.Errorf("got %v, %v, want %v", got, err, c.want)
			}
			want := "Install Sentry 25.10.0 to /opt/sentry? [y/N] "
			if c.def {
				want = "Install Sentry 25.10.0 to /opt/sentry? [Y/n] "
			}
			if !strings.HasPrefix(out.String(), want) {
				t.Errorf("asked %q, want %q", out.String(), want)
			}
		})
	}
}

func TestConfirmEndsWithItsContext(t *testing.T) {
	in, keys := io.Pipe()
	defer keys.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Confirm(ctx, in, io.Discard, "Go on?", true); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want cancelled", err)
	}
}

func TestUTF8(t *testing.T) {
	cases := []struct {
		env  map[string]string
		want bool
	}{
		{nil, true},
		{map[string]string{"LANG": "en_US.UTF-8"}, true},
		{map[string]string{"LANG": "C.utf8"}, true},
		{map[string]string{"LANG": "en_US.UTF-8", "LC_ALL": "C"}, false},
		{map[string]string{"LANG": "C", "LC_CTYPE": "C.UTF-8"}, true},
		{map[string]string{"LANG": "en_US.UTF-8", "TERM": "linux"}, false},
	}
	for _, c := range cases {
		if got := UTF8(func(k string) string { return c.env[k] }); got != c.want {
			t.Errorf("%v: got %v, want %v", c.env, got, c.want)
		}
	}
}
