package upgrade

import (
	"testing"
	"time"

	"github.com/sentryctl/sentryctl/internal/step"
)

func TestForHowLongAHopThatWasCutHadItsDoorsClosed(t *testing.T) {
	at := func(min int) time.Time { return time.Date(2026, 1, 4, 3, min, 0, 0, time.UTC) }
	rec := func(min int, kind step.Kind, id step.ID) step.Record {
		return step.Record{Kind: kind, Time: at(min), Step: id}
	}
	header := rec(0, step.KindHeader, "")
	stop := []step.Record{header, rec(1, step.KindDone, "keep-room"), rec(2, step.KindStarted, stopID), rec(3, step.KindDone, stopID)}
	after := func(more ...step.Record) []step.Record { return append(append([]step.Record{}, stop...), more...) }
	drain := []step.Record{header, rec(1, step.KindStarted, drainID), rec(5, step.KindDone, drainID), rec(6, step.KindStarted, stopID)}
	newKafka := Hop{NewKafka: true}
	type minutes struct{ UI, Ingest time.Duration }
	cases := []struct {
		name    string
		cut     Cut
		answers bool
		want    minutes
	}{
		{"a hop that begins", Cut{}, false, minutes{0, 0}},
		{"before the stop", Cut{Records: stop[:2]}, false, minutes{0, 0}},
		{"during the stop", Cut{Records: stop[:3]}, false, minutes{28, 0}},
		{"ingest stays open until its turn", Cut{Records: after(rec(4, step.KindStarted, "checkpoint"))}, false, minutes{28, 0}},
		{"ingest stops with the rest", Cut{StopIngest: true, Records: after(rec(4, step.KindStarted, "checkpoint"))}, false, minutes{28, 28}},
		{"during the start", Cut{StopIngest: true, Records: after(rec(9, step.KindStarted, startID))}, false, minutes{28, 28}},
		{"during the start, and it has come up", Cut{StopIngest: true, Records: after(rec(9, step.KindStarted, startID))}, true, minutes{7, 7}},
		{"after the start", Cut{StopIngest: true, Records: after(rec(9, step.KindDone, startID), rec(10, step.KindStarted, "health-gate"))}, true, minutes{7, 7}},
		{"after the record", Cut{Records: after(rec(9, step.KindDone, startID), rec(11, step.KindDone, "record-version"))}, true, minutes{7, 0}},
		{"a start that failed", Cut{Records: after(rec(9, step.KindFailed, startID))}, false, minutes{28, 0}},
		{"somebody has started the former release", Cut{Records: after(rec(4, step.KindStarted, "checkpoint"))}, true, minutes{2, 0}},
		{"cut twice, stopped twice", Cut{Records: after(rec(8, step.KindStarted, stopID))}, false, minutes{28, 0}},
		{"measured until it was cut", Cut{StopIngest: true, Counted: at(20), Records: after(rec(20, step.KindFailed, "checkpoint"))}, false, minutes{10, 10}},
		{"measured past the start", Cut{StopIngest: true, Counted: at(12), Records: after(rec(9, step.KindDone, startID), rec(12, step.KindFailed, "health-gate"))}, true, minutes{0, 0}},
		{"during the drain", Cut{Hop: newKafka, Records: drain[:2]}, false, minutes{0, 29}},
		{"after the drain", Cut{Hop: newKafka, Records: drain[:3]}, false, minutes{25, 29}},
		{"the stop after the drain", Cut{Hop: newKafka, Records: drain}, false, minutes{25, 29}},
		{"no Kafka to drain", Cut{Hop: newKafka, Records: append([]step.Record{header, rec(1, step.KindSkipped, drainID)}, stop[2:]...)}, false, minutes{28, 28}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			c.cut.Now = at(30)
			got := minutes{c.cut.UI(c.answers) / time.Minute, c.cut.Ingest(c.answers) / time.Minute}
			if got != c.want {
				t.Errorf("got %d, want %d minutes", got, c.want)
			}
		})
	}
}
