package upgrade

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/event"
)

// notes keeps warnings and progress.
type notes struct{ list []string }

func (n *notes) Emit(e event.Event) {
	switch e := e.(type) {
	case event.Notice:
		n.list = append(n.list, e.Level+": "+e.Text)
	case event.Progress:
		n.list = append(n.list, e.Note)
	}
}

func TestAlarm(t *testing.T) {
	now := time.Unix(0, 0)
	heard := &notes{}
	a := NewAlarm(heard, 5*time.Minute, func() time.Time { return now })
	after := func(d time.Duration) {
		now = now.Add(d)
		a.Look()
	}
	begin := func(id string) { a.Emit(event.StepStarted{Step: event.Step{ID: id, Title: id}}) }

	begin("copy-ahead")
	after(time.Hour) // it is no migration
	a.Emit(event.StepDone{})
	begin("migrate-database")
	after(4 * time.Minute)
	a.Emit(event.Log{Text: "  Applying sentry.0878_backfill... OK"})
	after(4 * time.Minute) // 4 since it spoke
	after(time.Minute)     // 5
	after(time.Minute)     // 6: not again
	after(4 * time.Minute) // 10
	a.Emit(event.Log{Text: "at last"})
	after(time.Minute)
	after(11 * time.Minute) // one warning for all of it
	a.Emit(event.StepDone{})
	after(time.Hour)
	want := []string{
		"sentry.0878_backfill...",
		`warn: "migrate-database" has said nothing for 5m0s`,
		`warn: "migrate-database" has said nothing for 10m0s`,
		`warn: "migrate-database" has said nothing for 12m0s`,
	}
	if d := cmp.Diff(want, heard.list); d != "" {
		t.Error(d)
	}

	never := &notes{}
	a = NewAlarm(never, 0, func() time.Time { return now })
	a.Emit(event.StepStarted{Step: event.Step{ID: "migrate-database"}})
	after(24 * time.Hour)
	if len(never.list) > 0 {
		t.Errorf("told never to warn: %q", never.list)
	}
}
