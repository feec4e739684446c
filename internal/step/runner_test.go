package step_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/step"
)

// world is a machine that steps change. It outlives a killed process.
type world struct {
	made map[string]int
}

func steps() []step.Step[*world] {
	asks := func(name string) func(context.Context, *world) (bool, error) {
		return func(_ context.Context, w *world) (bool, error) { return w.made[name] > 0, nil }
	}
	makes := func(name string) func(context.Context, *world) error {
		return func(_ context.Context, w *world) error {
			w.made[name]++
			return nil
		}
	}
	return []step.Step[*world]{
		{ID: "volumes", Title: "Create volumes", Done: asks("volumes"), Run: makes("volumes")},
		{ID: "never", Title: "Never applies", Skip: func(context.Context, *world) (string, error) { return "not this release", nil }, Run: makes("never")},
		{ID: "migrate", Title: "Migrate", Idempotent: true, Run: makes("migrate")},
		{ID: "gate", Title: "Gate", Always: true, Idempotent: true, Run: makes("gate")},
	}
}

type killed struct{}

// killer is a journal that dies at the nth append, before or after the write.
type killer struct {
	*step.Journal
	left  int
	after bool
}

func (k *killer) Append(r step.Record) error {
	k.left--
	if k.left == 0 && !k.after {
		panic(killed{})
	}
	err := k.Journal.Append(r)
	if k.left == 0 && k.after {
		panic(killed{})
	}
	return err
}

func runner(log step.Log) *step.Runner[*world] {
	clock := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return &step.Runner[*world]{Log: log, Sink: event.Discard{}, Now: func() time.Time { return clock }}
}

func open(t *testing.T, path string) *step.Journal {
	t.Helper()
	j, err := step.OpenJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

// attempt runs until the end or until it is killed.
func attempt(w *world, log step.Log) (err error, dead bool) {
	defer func() {
		if p := recover(); p != nil {
			if _, ok := p.(killed); !ok {
				panic(p)
			}
			dead = true
		}
	}()
	_, err = runner(log).Run(context.Background(), w, step.Header{Run: "r1", Workflow: "test"}, steps())
	return err, false
}

func TestKillAroundEveryRecordThenResume(t *testing.T) {
	for _, after := range []bool{false, true} {
		for n := 1; ; n++ {
			path := filepath.Join(t.TempDir(), "run.jsonl")
			w := &world{made: map[string]int{}}
			_, dead := attempt(w, &killer{Journal: open(t, path), left: n, after: after})
			if !dead {
				if n < 8 {
					t.Fatalf("the run appended only %d records", n-1)
				}
				break
			}
			if err, dead := attempt(w, open(t, path)); err != nil || dead {
				t.Fatalf("kill at %d (after write: %v): resume: %v", n, after, err)
			}
			if w.made["volumes"] != 1 {
				t.Errorf("kill at %d (after write: %v): volumes made %d times, want once", n, after, w.made["volumes"])
			}
			if w.made["migrate"] < 1 || w.made["gate"] < 1 || w.made["never"] != 0 {
				t.Errorf("kill at %d (after write: %v): end state %v", n, after, w.made)
			}
			records, err := step.LoadJournal(path)
			if err != nil || !step.Finished(records) {
				t.Errorf("kill at %d (after write: %v): not finished: %v", n, after, err)
			}
		}
	}
}

func TestTornLastLineCountsAsNeverWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.jsonl")
	w := &world{made: map[string]int{}}
	if err, _ := attempt(w, open(t, path)); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := range whole {
		if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		w := &world{made: map[string]int{}}
		if err, _ := attempt(w, open(t, path)); err != nil {
			t.Fatalf("cut at byte %d: %v", cut, err)
		}
		if _, err := step.LoadJournal(path); err != nil {
			t.Fatalf("cut at byte %d: journal is broken after the resume: %v", cut, err)
		}
	}
}

func TestBrokenMiddleLineIsAnIntegrityFault(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.jsonl")
	os.WriteFile(path, []byte("{\"kind\":\"header\"}\n{broken\n{\"kind\":\"finished\"}\n"), 0o600)
	_, err := step.OpenJournal(path)
	if got := fault.CodeOf(err); got != fault.Integrity {
		t.Errorf("got code %d (%v), want %d", got, err, fault.Integrity)
	}
}

func TestStepInDoubtIsRefusedWhenItCannotTell(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.jsonl")
	ran := 0
	s := []step.Step[*world]{{ID: "charge", Title: "Charge", Run: func(context.Context, *world) error {
		ran++
		if ran == 1 {
			panic(killed{})
		}
		return nil
	}}}
	run := func() (err error) {
		defer func() { recover() }()
		_, err = runner(open(t, path)).Run(context.Background(), nil, step.Header{}, s)
		return err
	}
	run()
	err := run()
	if got := fault.CodeOf(err); got != fault.Resumable || ran != 1 {
		t.Errorf("got code %d after %d runs (%v), want %d after 1", got, ran, err, fault.Resumable)
	}
}

func TestFailureKeepsItsCodeAndUndoes(t *testing.T) {
	boom := errors.New("boom")
	gone := fault.New(fault.NoEngine, "Start the daemon", "engine gone")
	cases := []struct {
		name string
		err  error
		want fault.Code
	}{
		{"plain error becomes resumable", boom, fault.Resumable},
		{"engine gone stays engine gone", fmt.Errorf("pull: %w", gone), fault.NoEngine},
		{"Ctrl-C is cancelled", fmt.Errorf("pull: %w", context.Canceled), fault.Cancelled},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			undone := false
			j := open(t, filepath.Join(t.TempDir(), "run.jsonl"))
			s := []step.Step[*world]{{
				ID: "x", Title: "X",
				Run:  func(context.Context, *world) error { return c.err },
				Undo: func(ctx context.Context, _ *world) error { undone = true; return ctx.Err() },
			}}
			_, err := runner(j).Run(context.Background(), nil, step.Header{}, s)
			if got := fault.CodeOf(err); got != c.want {
				t.Errorf("code: got %d, want %d", got, c.want)
			}
			if !errors.Is(err, c.err) {
				t.Errorf("cause lost: %v", err)
			}
			last := j.Records()[len(j.Records())-1]
			if !undone || !last.Undone || last.Kind != step.KindFailed {
				t.Errorf("undone %v, last record %+v", undone, last)
			}
		})
	}
}

func TestCtrlCEndsTheStepAndJournalSaysSo(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	j := open(t, filepath.Join(t.TempDir(), "run.jsonl"))
	s := []step.Step[*world]{
		{ID: "slow", Title: "Slow", Idempotent: true, Run: func(ctx context.Context, _ *world) error { cancel(); <-ctx.Done(); return ctx.Err() }},
		{ID: "next", Title: "Next", Run: func(context.Context, *world) error { t.Error("ran after Ctrl-C"); return nil }},
	}
	_, err := runner(j).Run(ctx, nil, step.Header{}, s)
	if got := fault.CodeOf(err); got != fault.Cancelled {
		t.Errorf("got %d, want %d", got, fault.Cancelled)
	}
	var kinds []step.Kind
	for _, r := range j.Records() {
		kinds = append(kinds, r.Kind)
	}
	want := []step.Kind{step.KindHeader, step.KindStarted, step.KindFailed}
	if d := cmp.Diff(want, kinds); d != "" {
		t.Error(d)
	}
}

func TestRedactKeepsSecretsOutOfTheJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.jsonl")
	r := runner(open(t, path))
	r.Redact = func(s string) string { return "redacted" }
	s := []step.Step[*world]{{ID: "x", Title: "X", Run: func(context.Context, *world) error { return errors.New("password hunter2") }}}
	r.Run(context.Background(), nil, step.Header{}, s)
	data, _ := os.ReadFile(path)
	if len(data) == 0 || strings.Contains(string(data), "hunter2") {
		t.Errorf("journal: %s", data)
	}
}

func FuzzReadRecords(f *testing.F) {
	f.Add([]byte("{\"kind\":\"header\"}\n{\"kind\":\"started\",\"step\":\"a\"}\n{\"ki"))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "run.jsonl")
		os.WriteFile(path, data, 0o600)
		j, err := step.OpenJournal(path)
		if err != nil {
			return
		}
		defer j.Close()
		before := len(j.Records())
		if err := j.Append(step.Record{Kind: step.KindFinished}); err != nil {
			t.Fatal(err)
		}
		records, err := step.LoadJournal(path)
		if err != nil || len(records) != before+1 {
			t.Errorf("got %d records, %v; want %d", len(records), err, before+1)
		}
	})
}
