package tui

import (
	"bytes"
	"fmt"
	"math/rand"
	"strings"
	"testing"
	"time"

	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/ui/format"
	"github.com/sentryctl/sentryctl/internal/ui/uitest"
)

// history is what an earlier run of the scripted install took.
var history = map[string]time.Duration{
	"release-files": 500 * time.Millisecond, "relay-credentials": 2 * time.Second, "pull-images": 70 * time.Second,
	"build-images": 40 * time.Second, "snuba-bootstrap": 35 * time.Second, "migrate": 60 * time.Second, "start": 12 * time.Second, "ready": 25 * time.Second,
}

func played(until uitest.Moment, o Options) *TUI {
	clock := uitest.NewClock()
	o.Now = clock.Now
	t := New(&bytes.Buffer{}, nil, o)
	uitest.Play(clock, t, uitest.Install(until))
	return t
}

func TestViews(t *testing.T) {
	moments := []struct {
		name  string
		until uitest.Moment
	}{{"start", uitest.AtStart}, {"pulling", uitest.AtPulling}, {"half", uitest.AtMid}, {"failed", uitest.AtFailed}, {"finished", uitest.AtFinished}}
	for _, size := range [][2]int{{80, 24}, {120, 40}, {60, 15}, {40, 10}, {24, 5}} {
		for _, m := range moments {
			name := fmt.Sprintf("%s-%dx%d.txt", m.name, size[0], size[1])
			t.Run(name, func(t *testing.T) {
				v := model{t: played(m.until, Options{NoColor: true}), width: size[0], height: size[1]}
				uitest.Golden(t, name, v.content()+"\n")
			})
		}
	}
	cases := []struct {
		name   string
		until  uitest.Moment
		o      Options
		change func(*TUI)
	}{
		{"color", uitest.AtPulling, Options{}, func(*TUI) {}},
		{"ascii", uitest.AtPulling, Options{NoColor: true, ASCII: true}, func(*TUI) {}},
		{"history", uitest.AtMid, Options{NoColor: true, Expect: history}, func(*TUI) {}},
		{"stopping", uitest.AtMid, Options{NoColor: true}, func(t *TUI) { t.run.stopping = true }},
		{"log-hidden", uitest.AtMid, Options{NoColor: true}, func(t *TUI) { t.run.log.hidden = true }},
		{"log-scrolled", uitest.AtMid, Options{NoColor: true}, func(t *TUI) { t.run.log.scroll(5) }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			ui := played(c.until, c.o)
			c.change(ui)
			uitest.Golden(t, c.name+"-80x24.txt", model{t: ui, width: 80, height: 24}.content()+"\n")
		})
	}
}

func TestAccountStaysInTheScrollback(t *testing.T) {
	cases := []struct {
		name  string
		until uitest.Moment
		o     Options
	}{
		{"account-finished.txt", uitest.AtFinished, Options{NoColor: true}},
		{"account-failed.txt", uitest.AtFailed, Options{NoColor: true}},
		{"account-failed-color.txt", uitest.AtFailed, Options{}},
		{"account-broken-off.txt", uitest.AtPulling, Options{NoColor: true}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			ui := played(c.until, c.o)
			if err := ui.Close(); err != nil {
				t.Fatal(err)
			}
			uitest.Golden(t, c.name, ui.out.(*bytes.Buffer).String())
		})
	}
}

func TestAnyStreamFitsAnyScreen(t *testing.T) {
	for seed := range int64(60) {
		r := rand.New(rand.NewSource(seed))
		clock := uitest.NewClock()
		ui := New(&bytes.Buffer{}, nil, Options{Now: clock.Now, NoColor: true})
		for _, e := range uitest.Random(r, 300) {
			clock.Add(time.Duration(r.Intn(3000)) * time.Millisecond)
			ui.Emit(e)
			if r.Intn(10) > 0 {
				continue
			}
			w, h := r.Intn(130), r.Intn(50)
			lines := strings.Split(model{t: ui, width: w, height: h}.content(), "\n")
			if len(lines) > max(h, 1) {
				t.Fatalf("seed %d: %d lines on a screen of %dx%d", seed, len(lines), w, h)
			}
			for _, l := range lines {
				if format.Width(l) > w || strings.ContainsAny(l, "\x1b\a") {
					t.Fatalf("seed %d: line %q on a screen of %dx%d", seed, l, w, h)
				}
			}
		}
		ui.Close()
	}
}

func TestTheBarNeverGoesBack(t *testing.T) {
	clock := uitest.NewClock()
	ui := New(&bytes.Buffer{}, nil, Options{Now: clock.Now})
	before := 0.0
	for _, b := range uitest.Install(uitest.AtFinished) {
		clock.Add(b.After)
		ui.Emit(b.Event)
		now := ui.run.part()
		if now < before || now > 1 {
			t.Fatalf("%s: %f after %f", b.Event.Type(), now, before)
		}
		before = now
	}
	if before != 1 {
		t.Errorf("the end is at %f, want 1", before)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	ui := New(&bytes.Buffer{}, nil, Options{})
	for i := range 20_000 {
		ui.Emit(event.Log{Source: "web", Text: strings.Repeat("x", 10_000)})
		if i%10 == 0 {
			ui.Emit(event.Notice{Text: "again"})
			ui.Emit(event.StepStarted{Step: event.Step{ID: fmt.Sprint(i)}})
			ui.Emit(event.Progress{Item: fmt.Sprint(i), Unit: "bytes", Done: 1, Total: 2})
		}
	}
	r := ui.run
	if len(r.log.ring) > maxLog || len(r.notices) > maxNotices || len(r.steps) > maxSteps || len(r.meter.items) > maxItems || len(r.log.ring[0].text) > 2*maxLogWidth {
		t.Errorf("grew to %d log lines, %d notices, %d steps", len(r.log.ring), len(r.notices), len(r.steps))
	}
}

func TestScrollingStaysWhereTheReaderReads(t *testing.T) {
	var p logPane
	for i := range 20 {
		p.add(logLine{text: fmt.Sprint(i)})
	}
	p.scroll(5)
	before := p.last(3, p.up)
	for i := range 4 {
		p.add(logLine{text: fmt.Sprint("new", i)})
	}
	if after := p.last(3, p.up); fmt.Sprint(before) != fmt.Sprint(after) || before[2].text != "14" {
		t.Errorf("got %v, want %v that end with 14", after, before)
	}
	p.scroll(-maxLog)
	if got := p.last(1, p.up)[0].text; got != "new3" {
		t.Errorf("at the end: got %q, want new3", got)
	}
	p.scroll(maxLog)
	if got := p.last(2, p.up); len(got) != 2 || got[0].text != "0" {
		t.Errorf("at the top: got %v, want it to begin with 0", got)
	}
}

func BenchmarkView(b *testing.B) {
	m := model{t: played(uitest.AtMid, Options{}), width: 120, height: 40}
	for b.Loop() {
		m.content()
	}
}
