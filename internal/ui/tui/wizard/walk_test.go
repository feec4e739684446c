package wizard

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/ui/uitest"
)

// terminal is the far end of a pseudo-terminal, with all that was written.
type terminal struct {
	far, near *os.File

	mu   sync.Mutex
	cond *sync.Cond
	seen bytes.Buffer
	over bool
}

func newTerminal(t *testing.T) *terminal {
	t.Helper()
	far, near, err := pty.Open()
	if err != nil {
		t.Skipf("no pseudo-terminal here: %v", err)
	}
	if err := pty.Setsize(far, &pty.Winsize{Rows: 24, Cols: 80}); err != nil {
		t.Fatal(err)
	}
	term := &terminal{far: far, near: near}
	term.cond = sync.NewCond(&term.mu)
	t.Cleanup(func() { near.Close(); far.Close() })
	go term.read()
	return term
}

func (term *terminal) read() {
	buf := make([]byte, 1<<14)
	for {
		n, err := term.far.Read(buf)
		term.mu.Lock()
		term.seen.Write(buf[:n])
		term.over = err != nil
		term.cond.Broadcast()
		term.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (term *terminal) all() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.seen.String()
}

// await waits until text was written.
func (term *terminal) await(t *testing.T, text string) {
	t.Helper()
	term.mu.Lock()
	defer term.mu.Unlock()
	for !strings.Contains(term.seen.String(), text) {
		if term.over {
			t.Fatalf("%q was never written:\n%q", text, term.seen.String())
		}
		term.cond.Wait()
	}
}

func (term *terminal) press(t *testing.T, keys ...string) {
	t.Helper()
	if _, err := io.WriteString(term.far, strings.Join(keys, "")); err != nil {
		t.Fatal(err)
	}
}

type outcome struct {
	answers config.Answers
	err     error
}

// start runs the wizard on the terminal.
func (term *terminal) start(ctx context.Context, in Input, o Options) <-chan outcome {
	done := make(chan outcome, 1)
	go func() {
		a, err := Run(ctx, term.near, term.near, in, o)
		done <- outcome{a, err}
	}()
	return done
}

func finish(t *testing.T, done <-chan outcome) outcome {
	t.Helper()
	select {
	case o := <-done:
		return o
	case <-time.After(30 * time.Second):
		t.Fatal("the wizard does not end")
		return outcome{}
	}
}

const (
	enter, up, down, pageDown, shiftTab, space, ctrlC = "\r", "\x1b[A", "\x1b[B", "\x1b[6~", "\x1b[Z", " ", "\x03"

	enterScreen, leaveScreen = "\x1b[?1049h", "\x1b[?1049l"
)

// everyPage goes through all pages with the keyboard, types into most of the
// questions and says yes at the end.
func everyPage() []string {
	return []string{
		down, enter, // all of the questions
		down, up, enter, // everything
		down, enter, shiftTab, up, enter, enter, enter, space, enter, // no TLS after all; try the address
		"ada@example.co", "m", enter, down, enter, "s3cr3t-admin", enter, "s3cr3t-admin", enter,
		down, enter, down, down, down, enter, "sentry@example.com", enter, // Postmark
		enter, enter, enter, "tokens", "\x7f", enter, "s3cr3t-mail", enter, enter, space, enter,
		"30", enter, enter,
		down, enter, "files", enter, "eu-west-1", enter, enter, "AK", enter, "s3cr3t-key", enter,
		"google-id", enter, "s3cr3t-google", enter, pageDown,
		pageDown, // no Slack and no Discord
		"12345", enter, "s3cr3t-geo", enter,
		pageDown,
		enter, down, down, enter,
		down, enter, enter, enter,
		pageDown, enter, // read on, then yes
	}
}

func everyAnswer() config.Answers {
	return config.Answers{
		Profile: config.FeatureComplete, URL: "http://sentry01:9000", RetentionDays: 30, Beacon: "anonymous",
		Admin: config.Admin{Email: "ada@example.com", Password: config.NewSecret("s3cr3t-admin")},
		Mail: config.Mail{Host: "smtp.postmarkapp.com", Port: 587, UseTLS: true, Username: "token",
			Password: config.NewSecret("s3cr3t-mail"), From: "sentry@example.com"},
		GeoIP: config.GeoIP{Account: "12345", License: config.NewSecret("s3cr3t-geo")},
		Options: map[string]any{
			"filestore.backend":     "s3",
			"filestore.options":     map[string]any{"bucket_name": "files", "region_name": "eu-west-1", "access_key": "AK", "secret_key": config.NewSecret("s3cr3t-key")},
			"auth-google.client-id": "google-id", "auth-google.client-secret": config.NewSecret("s3cr3t-google"),
			"SENTRY_WEB_OPTIONS.workers": 8, "SENTRY_TASKWORKER_CONCURRENCY": 8,
		},
	}
}

func TestWalkThroughEveryPage(t *testing.T) {
	term := newTerminal(t)
	done := term.start(context.Background(), host(), Options{})
	term.await(t, enterScreen)
	term.press(t, everyPage()...)
	got := finish(t, done)
	term.await(t, leaveScreen)
	if got.err != nil {
		t.Fatal(got.err)
	}
	if diff := cmp.Diff(got.answers, everyAnswer(), showSecrets); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	if strings.Contains(term.all(), "s3cr3t") {
		t.Error("the terminal was shown a secret")
	}
}

func TestEnterAllTheWay(t *testing.T) {
	for _, o := range []Options{{}, {NoColor: true, ASCII: true}, {Width: 40, Height: 10}} {
		term := newTerminal(t)
		done := term.start(context.Background(), host(), o)
		term.await(t, enterScreen)
		term.press(t, strings.Repeat(enter, 12))
		got := finish(t, done)
		want := config.Answers{Profile: config.FeatureComplete, URL: "http://sentry01:9000"}
		if diff := cmp.Diff(got.answers, want, showSecrets); diff != "" || got.err != nil {
			t.Errorf("%v (-got +want):\n%s", got.err, diff)
		}
	}
}

func TestWaysToLeave(t *testing.T) {
	cases := []struct {
		name, keys string
		cancel     bool
	}{
		{"Ctrl-C at once", ctrlC, false},
		{"Ctrl-C later", enter + enter + ctrlC, false},
		{"no on the last page", strings.Repeat(enter, 8) + strings.Repeat(pageDown, 4) + down + down + enter, false},
		{"a signal", "", true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			term := newTerminal(t)
			done := term.start(ctx, host(), Options{})
			term.await(t, enterScreen)
			term.press(t, c.keys)
			if c.cancel {
				cancel()
			}
			got := finish(t, done)
			if fault.CodeOf(got.err) != fault.Cancelled {
				t.Errorf("got %v, want to be cancelled", got.err)
			}
			term.await(t, leaveScreen)
		})
	}
}

func TestLineByLineOnATerminal(t *testing.T) {
	term := newTerminal(t)
	done := term.start(context.Background(), host(), Options{Accessible: true})
	for _, step := range []struct{ prompt, answer string }{
		{"Choose 1 to 2 [1]: ", ""}, {"What runs:", "2"}, {"TLS:", ""}, {"Address in a browser [", ""}, {"Listens on (", ""}, {"Try the address now?", "y"},
		{"It works", "ada@example.com"}, {"I type one", "2"}, {"Type it (none): ", "s3cr3t-pw"}, {"Type it again (none): ", "s3cr3t-pw"},
		{"Not at all: drop it", "4"}, {"Go on?:", "1"},
	} {
		term.await(t, step.prompt)
		term.press(t, step.answer+"\n")
	}
	got := finish(t, done)
	want := config.Answers{Profile: config.ErrorsOnly, URL: "http://sentry01:9000", Mail: config.Mail{Backend: "dummy"},
		Admin: config.Admin{Email: "ada@example.com", Password: config.NewSecret("s3cr3t-pw")}}
	if diff := cmp.Diff(got.answers, want, showSecrets); diff != "" || got.err != nil {
		t.Errorf("%v (-got +want):\n%s", got.err, diff)
	}
	if strings.Contains(term.all(), "s3cr3t") {
		t.Errorf("the terminal was shown a secret:\n%s", term.all())
	}
}

func TestLineByLine(t *testing.T) {
	var out bytes.Buffer
	typed := []string{
		"2", "?", "3", "2", "", "<", "2", "https://sentry.example.com", "", "n",
		"ada", "-", "2", "", "", "smtp.sendgrid.net", "", "1", "", "", "", "y",
	}
	in := host()
	in.Checks.TestMail = func(context.Context, config.Mail, string) error { return errors.New("554 refused") }
	in.Answers.RetentionDays = 30
	_, err := Run(context.Background(), strings.NewReader(strings.Join(typed, "\n")+"\n"), &out, in, Options{Accessible: true})
	if fault.CodeOf(err) != fault.Cancelled {
		t.Errorf("at the end of the input: got %v, want to be cancelled", err)
	}
	uitest.Golden(t, "lines.txt", out.String())
}
