package site_test

import (
	"bytes"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/site"
)

func TestSightingsReadBackInOrderAndStaySmall(t *testing.T) {
	s := newSite(t)
	if list, err := s.Sightings(); err != nil || len(list) > 0 {
		t.Fatalf("got %v, %v", list, err)
	}
	at := func(minute int) time.Time { return time.Date(2026, 1, 2, 3, minute, 0, 0, time.UTC) }
	want := []site.Sighting{{Time: at(1), By: "health", Failed: []string{"containers"}}, {Time: at(2), Healthy: true, By: "backup"}}
	for _, g := range []site.Sighting{want[1], want[0]} {
		if err := s.AppendSighting(g); err != nil {
			t.Fatal(err)
		}
		f, err := os.OpenFile(s.Own("health.jsonl"), os.O_APPEND|os.O_WRONLY, 0)
		if err == nil {
			_, err = f.WriteString(`{"time":"2026-`) // torn by a crash
		}
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	got, err := s.Sightings()
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
}

func TestOldSightingsGo(t *testing.T) {
	s := newSite(t)
	line := []byte(`{"time":"2026-01-02T03:04:05Z","healthy":true,"by":"health"}` + "\n")
	full := bytes.Repeat(line, 1<<20/len(line)+1)
	if err := os.WriteFile(s.Own("health.jsonl"), full, 0o600); err != nil {
		t.Fatal(err)
	}
	last := site.Sighting{Time: time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC), By: "health"}
	if err := s.AppendSighting(last); err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat(s.Own("health.jsonl"))
	if err != nil || st.Size() > 1<<19 {
		t.Errorf("got %d bytes, %v", st.Size(), err)
	}
	got, err := s.Sightings()
	if err != nil || len(got) < 8000 || cmp.Diff(last, got[len(got)-1]) != "" {
		t.Errorf("got %d, %v", len(got), err)
	}
}
