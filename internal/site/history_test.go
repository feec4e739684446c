package site_test

import (
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
)

func outage(to string) site.Outage {
	return site.Outage{
		Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Run: "20260102T030405.000Z-upgrade", Workflow: "upgrade",
		From: calver.MustParse("25.5.1"), To: calver.MustParse(to), Rungs: 2, PredictedNS: time.Minute, UINS: 50 * time.Second, Result: site.ResultDone,
	}
}

func TestHistoryReadsBackAndSurvivesATornLine(t *testing.T) {
	s := newSite(t)
	if list, err := s.History(); err != nil || len(list) != 0 {
		t.Fatalf("got %v, %v before the first line", list, err)
	}
	want := []site.Outage{outage("25.9.0"), outage("25.10.0")}
	if err := s.AppendHistory(want[0]); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(s.Own("history.jsonl"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString(`{"time":"2026-01-`)
	f.Close()
	if err := s.AppendHistory(want[1]); err != nil {
		t.Fatal(err)
	}
	got, err := s.History()
	if d := cmp.Diff(want, got, cmp.AllowUnexported(calver.Version{})); d != "" || err != nil {
		t.Errorf("%v\n%s", err, d)
	}
}

func TestHistoryOfSomethingElseIsRefused(t *testing.T) {
	s := newSite(t)
	if err := os.WriteFile(s.Own("history.jsonl"), []byte("hello\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.History(); fault.CodeOf(err) != fault.Integrity {
		t.Errorf("got %v", err)
	}
}
