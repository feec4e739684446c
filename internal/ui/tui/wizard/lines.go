package wizard

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/term"

	"github.com/sentryctl/sentryctl/internal/ui/format"
)

// lines asks one question after the other, a line each way: for screen
// readers, dumb terminals and bad lines.
type lines struct {
	in  io.Reader
	r   *bufio.Reader
	out io.Writer
	d   *draft
}

func newLines(in io.Reader, out io.Writer, d *draft) *lines {
	return &lines{in: in, r: bufio.NewReader(in), out: out, d: d}
}

// place is one question on its page.
type place struct {
	page     page
	number   int // of the page, from 1
	question question
	first    bool // on its page
}

func (l *lines) places() []place {
	var out []place
	for i, p := range l.d.pages() {
		for j, q := range l.d.questions(p) {
			out = append(out, place{p, i + 1, q, j == 0})
		}
	}
	return out
}

// ask goes through all questions; which there are depends on the answers.
func (l *lines) ask(ctx context.Context) error {
	l.say("sentryctl %s %s in %s", l.d.in.Workflow, l.d.in.Version, l.d.in.Site)
	l.say("Enter takes the value in brackets. Type ? for help, < to go back, - for no value. Ctrl-C leaves; nothing is changed.")
	for id := l.places()[0].question.id; ; {
		all := l.places()
		at := slices.IndexFunc(all, func(p place) bool { return p.question.id == id })
		l.begin(all[at])
		move, err := l.one(ctx, all[at])
		if err != nil {
			return err
		}
		all = l.places()
		at = slices.IndexFunc(all, func(p place) bool { return p.question.id == id })
		switch next := at + move; {
		case id == "go" && move > 0:
			if back, err := l.decide(); !back {
				return err
			}
			id = all[0].question.id
		case next >= 0 && next < len(all):
			id = all[next].question.id
		}
	}
}

// decide takes the last answer.
func (l *lines) decide() (back bool, err error) {
	switch l.d.get("go") {
	case "yes":
		return false, nil
	case "back":
		return true, nil
	}
	return false, errLeft
}

// begin announces a page.
func (l *lines) begin(p place) {
	if !p.first {
		return
	}
	if p.page.id == "summary" {
		l.d.values["go"], l.d.result = "yes", l.d.summary()
	}
	l.say("\nPage %d of %d: %s", p.number, len(l.d.pages()), p.page.title)
	if p.page.note != nil {
		for _, line := range p.page.note(l.d) {
			l.say("%s", strings.TrimRight("  "+toASCII.Replace(line), " "))
		}
	}
}

// one asks one question until the answer can stand, and returns the way to go.
func (l *lines) one(ctx context.Context, p place) (int, error) {
	q := p.question
	if q.kind == pick {
		l.say("%s:", q.label)
		for i, c := range q.options {
			l.say("  %d. %s", i+1, c.label)
		}
	}
	for {
		answer, err := l.read(ctx, q)
		if err != nil {
			return 0, err
		}
		switch answer {
		case "?":
			l.say("%s", strings.Join(format.Wrap(q.help, 78), "\n"))
			continue
		case "<":
			return -1, nil
		}
		if err := l.take(ctx, q, answer); err != nil {
			l.say("%s: %s.", map[bool]string{true: "It does not work", false: "Not taken"}[q.kind == action], err)
			continue
		}
		return 1, nil
	}
}

// take sets the answer, or does what an action does.
func (l *lines) take(ctx context.Context, q question, answer string) error {
	if q.kind == action {
		if a := strings.ToLower(answer); a != "y" && a != "yes" {
			return nil
		}
		told, err := q.run(ctx, l.d)
		if err != nil {
			return err
		}
		l.say("It works: %s.", told)
		return nil
	}
	value := answer
	switch {
	case answer == "":
		value = l.d.get(q.id)
	case answer == "-":
		value = ""
	case q.kind == pick:
		n, err := strconv.Atoi(answer)
		if err != nil || n < 1 || n > len(q.options) {
			return fmt.Errorf("want a number from 1 to %d", len(q.options))
		}
		value = q.options[n-1].value
	}
	if err := q.verify(l.d, value); err != nil {
		return err
	}
	l.d.set(q.id, value)
	return nil
}

// read prompts for a question. A secret is not echoed by a terminal.
func (l *lines) read(ctx context.Context, q question) (string, error) {
	if _, err := io.WriteString(l.out, l.prompt(q)); err != nil {
		return "", fmt.Errorf("ask: %w", err)
	}
	answer, err := l.line(ctx, q.kind == secret)
	if errors.Is(err, io.EOF) || ctx.Err() != nil {
		l.say("")
		return "", errLeft
	}
	if err != nil {
		return "", fmt.Errorf("read the answer: %w", err)
	}
	if q.kind == secret {
		return strings.TrimRight(answer, "\r\n"), nil
	}
	return strings.TrimSpace(answer), nil
}

func (l *lines) prompt(q question) string {
	switch {
	case q.kind == action:
		return q.label + " now? [y/N] "
	case q.kind == pick:
		n := slices.IndexFunc(q.options, func(c choice) bool { return c.value == l.d.get(q.id) })
		return fmt.Sprintf("Choose 1 to %d [%d]: ", len(q.options), n+1)
	}
	if v := toASCII.Replace(l.d.shownValue(q)); v != "" {
		return fmt.Sprintf("%s [%s]: ", q.label, v)
	}
	if p := l.d.placeholder(q); p != "" {
		return fmt.Sprintf("%s (%s): ", q.label, p)
	}
	return q.label + " (none): "
}

// line reads in the background: a read from a terminal cannot be broken off.
func (l *lines) line(ctx context.Context, hidden bool) (string, error) {
	type result struct {
		line string
		err  error
	}
	got := make(chan result, 1)
	restore := func() {}
	if f, ok := l.in.(*os.File); ok && hidden && term.IsTerminal(int(f.Fd())) {
		if was, err := term.GetState(int(f.Fd())); err == nil {
			restore = func() { _ = term.Restore(int(f.Fd()), was) }
		}
		go func() {
			b, err := term.ReadPassword(int(f.Fd()))
			got <- result{string(b), err}
		}()
	} else {
		go func() {
			s, err := l.r.ReadString('\n')
			if errors.Is(err, io.EOF) && s != "" {
				err = nil
			}
			got <- result{s, err}
		}()
	}
	select {
	case <-ctx.Done():
		restore()
		return "", ctx.Err()
	case g := <-got:
		if hidden {
			l.say("")
		}
		return g.line, g.err
	}
}

func (l *lines) say(text string, args ...any) { fmt.Fprintf(l.out, text+"\n", args...) }
