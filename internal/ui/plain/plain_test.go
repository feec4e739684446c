package plain_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/ui/plain"
	"github.com/sentryctl/sentryctl/internal/ui/uitest"
)

func play(o plain.Options, beats []uitest.Beat) string {
	var out bytes.Buffer
	clock := uitest.NewClock()
	o.Now = clock.Now
	uitest.Play(clock, plain.New(&out, o), beats)
	return out.String()
}

func TestScriptedRun(t *testing.T) {
	cases := []struct {
		name  string
		until uitest.Moment
		o     plain.Options
	}{
		{"finished.txt", uitest.AtFinished, plain.Options{}},
		{"failed.txt", uitest.AtFailed, plain.Options{}},
		{"failed-color.txt", uitest.AtFailed, plain.Options{Color: true}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			uitest.Golden(t, c.name, play(c.o, uitest.Install(c.until)))
		})
	}
}

func TestLines(t *testing.T) {
	step := event.Step{ID: "a", Title: "Do it"}
	cases := []struct {
		name   string
		events []event.Event
		want   string
	}{
		{"nothing to change", []event.Event{event.RunStarted{Workflow: "install", Steps: []event.Step{step}}, event.StepDone{Step: step, Already: true}, event.RunFinished{OK: true, Elapsed: 90 * time.Millisecond}},
			"Install: 1 step\n  1/1  done    Do it (already)\nInstall: nothing to change (0.1 s)\n"},
		{"resumed", []event.Event{event.RunStarted{Workflow: "upgrade", Version: "25.10.0", Site: "/srv/s", Resumed: true, Steps: []event.Step{step, step}}},
			"Upgrade 25.10.0 in /srv/s: 2 steps, going on where the last run stopped\n"},
		{"step that no run listed", []event.Event{event.StepStarted{Step: step}, event.StepDone{Step: step}},
			"       start   Do it\n       done    Do it (0.0 s)\n"},
		{"hints stay whole", []event.Event{event.Notice{Level: "info", Text: "the text", Hint: "Run:\n  " + strings.Repeat("long ", 30) + "end"}},
			"       info    The text\n       hint    Run:\n                 " + strings.Repeat("long ", 30) + "end\n"},
		{"log without escape sequences", []event.Event{event.Log{Source: "web", Text: "\x1b[31mboom\x1b[0m\a"}, event.Log{Text: "bare"}},
			"               web | boom\n               bare\n"},
		{"finish without a start", []event.Event{event.RunFinished{Elapsed: time.Minute}}, "Run stopped after 1 min 00 s\n"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var beats []uitest.Beat
			for _, e := range c.events {
				beats = append(beats, uitest.Beat{Event: e})
			}
			if d := cmp.Diff(c.want, play(plain.Options{}, beats)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestElapsedComesFromTheClockWhenTheEventIsSilent(t *testing.T) {
	step := event.Step{ID: "a", Title: "Do it"}
	got := play(plain.Options{}, []uitest.Beat{{Event: event.StepStarted{Step: step}}, {After: 42 * time.Second, Event: event.StepDone{Step: step}}})
	if want := "done    Do it (42 s)"; !strings.Contains(got, want) {
		t.Errorf("got %q, want it to hold %q", got, want)
	}
}

func TestProgressIsToldByChange(t *testing.T) {
	var counted, pulled []uitest.Beat
	for i := range int64(1000) {
		counted = append(counted, uitest.Beat{After: time.Hour, Event: event.Progress{Unit: "services", Done: i + 1, Total: 1000}})
	}
	for i := range int64(1000) {
		for _, image := range []string{"a", "b", "c"} {
			pulled = append(pulled, uitest.Beat{Event: event.Progress{Item: image, Unit: "bytes", Done: i * 1000, Total: 999_000}})
		}
	}
	unknown := []uitest.Beat{
		{Event: event.Progress{Item: "a", Unit: "files", Done: 1}}, {Event: event.Progress{Item: "a", Unit: "files", Done: 2}},
		{Event: event.Progress{Item: "b", Unit: "files", Done: 3, Note: "large"}}, {Event: event.Progress{Unit: "files", Done: 4}},
	}
	twice := append(append([]uitest.Beat{}, counted...), counted...)
	cases := []struct {
		name  string
		beats []uitest.Beat
		lines int
		last  string
	}{
		{"1000 counts give a line per tenth", counted, 10, "100 %  1000 of 1000 services"},
		{"the same again tells nothing new", twice, 10, "100 %  1000 of 1000 services"},
		{"bytes give a line per tenth of the sum and per item", pulled, 12, "100 %  3.0 MB of 3.0 MB  c complete"},
		{"unknown totals give a line per item", unknown, 2, "3 files  b large"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			lines := strings.Split(strings.TrimRight(play(plain.Options{}, c.beats), "\n"), "\n")
			if len(lines) != c.lines {
				t.Errorf("got %d lines, want %d:\n%s", len(lines), c.lines, strings.Join(lines, "\n"))
			}
			if got := strings.TrimSpace(lines[len(lines)-1]); got != c.last {
				t.Errorf("last line: got %q, want %q", got, c.last)
			}
		})
	}
}

func TestAnyStreamIsSafe(t *testing.T) {
	for seed := range int64(200) {
		var out bytes.Buffer
		p := plain.New(&out, plain.Options{})
		for _, e := range uitest.Random(rand.New(rand.NewSource(seed)), 200) {
			p.Emit(e)
		}
		if strings.ContainsAny(out.String(), "\x1b\a") {
			t.Fatalf("seed %d: control characters reach a pipe", seed)
		}
	}
}

func TestManySpeakersKeepLinesWhole(t *testing.T) {
	var out bytes.Buffer // Plain's own lock guards it: one Write at a time
	p := plain.New(&out, plain.Options{})
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 100 {
				p.Emit(event.Log{Source: fmt.Sprint("source-", g), Text: fmt.Sprint("line ", i)})
			}
		})
	}
	wg.Wait()
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) != 800 {
		t.Fatalf("got %d lines, want 800", len(lines))
	}
	for _, l := range lines {
		var g, i int
		if _, err := fmt.Sscanf(l, " source-%d | line %d", &g, &i); err != nil {
			t.Fatalf("torn line %q", l)
		}
	}
}

type broken struct{ writes int }

func (b *broken) Write([]byte) (int, error) {
	b.writes++
	return 0, errors.New("pipe is gone")
}

func TestABrokenPipeIsReportedOnceAndNotWrittenAgain(t *testing.T) {
	b := &broken{}
	p := plain.New(b, plain.Options{})
	p.Emit(event.Log{Text: "a"})
	p.Emit(event.Log{Text: "b"})
	if err := p.Close(); err == nil || b.writes != 1 {
		t.Errorf("got %d writes and error %v, want one write and its error", b.writes, err)
	}
}

func BenchmarkEmit10k(b *testing.B) {
	events := uitest.Random(rand.New(rand.NewSource(1)), 10_000)
	for b.Loop() {
		p := plain.New(io.Discard, plain.Options{})
		for _, e := range events {
			p.Emit(e)
		}
	}
}
