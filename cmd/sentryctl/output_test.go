package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/step"
)

func TestChooseVoice(t *testing.T) {
	terminal := streams{inTerminal: true, outTerminal: true, errTerminal: true}
	with := func(change func(*streams)) streams { s := terminal; change(&s); return s }
	cases := []struct {
		name, mode string
		s          streams
		want       string
	}{
		{"auto on a terminal", "auto", terminal, "tui"},
		{"auto in a pipe", "auto", with(func(s *streams) { s.outTerminal = false }), "plain"},
		{"auto with stderr in a file", "auto", with(func(s *streams) { s.errTerminal = false }), "plain"},
		{"auto in CI", "auto", with(func(s *streams) { s.ci = true }), "plain"},
		{"auto on a dumb terminal", "auto", with(func(s *streams) { s.dumb = true }), "plain"},
		{"auto without a keyboard", "auto", with(func(s *streams) { s.inTerminal = false }), "tui"},
		{"tui in CI is granted", "tui", with(func(s *streams) { s.ci = true }), "tui"},
		{"tui with stdout in a pipe is granted", "tui", with(func(s *streams) { s.outTerminal = false }), "tui"},
		{"tui without a terminal", "tui", streams{}, "plain"},
		{"plain on a terminal", "plain", terminal, "plain"},
		{"json on a terminal", "json", terminal, "json"},
		{"cron", "auto", streams{dumb: true}, "plain"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := chooseVoice(c.mode, c.s); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestTalkGoesToStderrAndDataToStdout(t *testing.T) {
	cases := []struct{ mode, stdout, stderr string }{
		{"auto", "", "               web | token=[redacted] [redacted]\nerror: boom [redacted]\n"},
		{"plain", "", "               web | token=[redacted] [redacted]\nerror: boom [redacted]\n"},
		{"tui", "", "       warn    Standard error is not a terminal with a cursor: plain lines follow\n               web | token=[redacted] [redacted]\nerror: boom [redacted]\n"},
		{"json", `{"type":"log","source":"web","text":"token=[redacted] [redacted]"}` + "\n" + `{"type":"error","code":1,"error":"boom [redacted]"}` + "\n", ""},
	}
	for _, c := range cases {
		t.Run(c.mode, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			a := newApp(strings.NewReader(""), &stdout, &stderr)
			a.output = c.mode
			sink, end := a.sink(context.Background(), func() {})
			sink.Add("made-during-the-run")
			sink.Emit(event.Log{Source: "web", Text: "token=abc made-during-the-run"})
			if err := end(); err != nil {
				t.Fatal(err)
			}
			a.report(errors.New("boom made-during-the-run"))
			if d := cmp.Diff(c.stderr, stderr.String()); d != "" {
				t.Errorf("stderr:\n%s", d)
			}
			if d := cmp.Diff(c.stdout, withoutTime(stdout.String())); d != "" {
				t.Errorf("stdout:\n%s", d)
			}
		})
	}
}

// withoutTime takes the time out of the first line.
func withoutTime(s string) string {
	before, after, found := strings.Cut(s, `"time":"`)
	if !found {
		return s
	}
	return before + after[len("2006-01-02T15:04:05.000Z")+len(`",`):]
}

func TestConfirmIsRefusedWhereNobodyCanAnswer(t *testing.T) {
	for _, mode := range []string{"auto", "json"} {
		a := newApp(strings.NewReader("y\n"), &bytes.Buffer{}, &bytes.Buffer{})
		a.output = mode
		_, err := a.confirm(context.Background(), "Install?", true)
		if fault.CodeOf(err) != fault.Usage || !strings.Contains(fault.HintOf(err), "--yes") {
			t.Errorf("%s: got %v, hint %q", mode, err, fault.HintOf(err))
		}
	}
}

func TestStepTimesComeFromTheNewestRunThatDidTheWork(t *testing.T) {
	at := func(s int) time.Time { return time.Date(2026, 1, 1, 0, 0, s, 0, time.UTC) }
	run := func(workflow string, records ...step.Record) site.Run {
		return site.Run{Records: append([]step.Record{{Kind: step.KindHeader, Header: &step.Header{Workflow: workflow}}}, records...)}
	}
	runs := []site.Run{
		run("install", step.Record{Kind: step.KindStarted, Step: "pull", Time: at(0)}, step.Record{Kind: step.KindDone, Step: "pull", Time: at(50)},
			step.Record{Kind: step.KindStarted, Step: "migrate", Time: at(50)}, step.Record{Kind: step.KindFailed, Step: "migrate", Time: at(51)}),
		run("install", step.Record{Kind: step.KindDone, Step: "pull", Already: true, Time: at(5)},
			step.Record{Kind: step.KindStarted, Step: "migrate", Time: at(5)}, step.Record{Kind: step.KindDone, Step: "migrate", Time: at(12)}),
		run("upgrade", step.Record{Kind: step.KindStarted, Step: "pull", Time: at(0)}, step.Record{Kind: step.KindDone, Step: "pull", Time: at(1)}),
		{},
	}
	want := map[string]time.Duration{"pull": 50 * time.Second, "migrate": 7 * time.Second}
	if d := cmp.Diff(want, stepTimes(runs, "install")); d != "" {
		t.Error(d)
	}
}
