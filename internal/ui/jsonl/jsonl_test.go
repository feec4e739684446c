package jsonl_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/ui/jsonl"
	"github.com/sentryctl/sentryctl/internal/ui/uitest"
)

func play(beats []uitest.Beat) string {
	var out bytes.Buffer
	clock := uitest.NewClock()
	uitest.Play(clock, jsonl.New(&out, clock.Now), beats)
	return out.String()
}

func TestScriptedRun(t *testing.T) {
	uitest.Golden(t, "finished.jsonl", play(uitest.Install(uitest.AtFinished)))
	uitest.Golden(t, "failed.jsonl", play(uitest.Install(uitest.AtFailed)))
}

func TestEveryEventKeepsItsFields(t *testing.T) {
	for _, e := range uitest.All() {
		t.Run(e.Type(), func(t *testing.T) {
			line := play([]uitest.Beat{{Event: e}})
			if want := fmt.Sprintf(`{"type":%q,"time":"2026-03-14T09:26:53.589Z",`, e.Type()); !strings.HasPrefix(line, want) {
				t.Errorf("got %s, want it to begin with %s", line, want)
			}
			got, want := map[string]any{}, map[string]any{}
			if err := json.Unmarshal([]byte(line), &got); err != nil {
				t.Fatal(err)
			}
			plain, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			json.Unmarshal(plain, &want)
			delete(got, "type")
			delete(got, "time")
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestValues(t *testing.T) {
	cases := []struct {
		name string
		v    any
		want string
	}{
		{"result", struct {
			Type string `json:"type"`
			URL  string `json:"url"`
		}{"result", "http://a/?x=1&y=<2>"}, `{"type":"result","url":"http://a/?x=1&y=<2>"}` + "\n"},
		{"empty object", struct{}{}, "{}\n"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			if err := jsonl.New(&out, nil).Write(c.v); err != nil || out.String() != c.want {
				t.Errorf("got %q, %v, want %q", out.String(), err, c.want)
			}
		})
	}
}

func TestAnyStreamIsJSONLines(t *testing.T) {
	for seed := range int64(100) {
		var out bytes.Buffer
		j := jsonl.New(&out, nil)
		for _, e := range uitest.Random(rand.New(rand.NewSource(seed)), 200) {
			j.Emit(e)
		}
		for line := range strings.Lines(out.String()) {
			if !json.Valid([]byte(line)) {
				t.Fatalf("seed %d: not JSON: %s", seed, line)
			}
		}
	}
}

func TestManySpeakersKeepLinesWhole(t *testing.T) {
	var out bytes.Buffer // the Writer's own lock guards it
	j := jsonl.New(&out, nil)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 100 {
				j.Emit(event.Log{Source: "web", Text: fmt.Sprint("line ", i)})
				j.Write(event.Step{ID: "a"})
			}
		})
	}
	wg.Wait()
	n := 0
	for line := range strings.Lines(out.String()) {
		n++
		if !json.Valid([]byte(line)) {
			t.Fatalf("torn line %q", line)
		}
	}
	if n != 1600 {
		t.Errorf("got %d lines, want 1600", n)
	}
}

type broken struct{ writes int }

func (b *broken) Write([]byte) (int, error) {
	b.writes++
	return 0, io.ErrClosedPipe
}

func TestABrokenPipeIsReportedAndNotWrittenAgain(t *testing.T) {
	b := &broken{}
	j := jsonl.New(b, nil)
	j.Emit(event.Log{Text: "a"})
	j.Emit(event.Log{Text: "b"})
	if err := j.Write(event.Step{}); !errors.Is(err, io.ErrClosedPipe) || !errors.Is(j.Close(), io.ErrClosedPipe) || b.writes != 1 {
		t.Errorf("got %d writes and error %v, want one write and its error", b.writes, err)
	}
}

func BenchmarkEmit10k(b *testing.B) {
	events := uitest.Random(rand.New(rand.NewSource(1)), 10_000)
	for b.Loop() {
		j := jsonl.New(io.Discard, nil)
		for _, e := range events {
			j.Emit(e)
		}
	}
}
