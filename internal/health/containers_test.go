package health_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/health"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// looks gives one list of states after the other, the last for ever.
type looks struct {
	lists [][]workload.Status
	n     atomic.Int32
}

func (l *looks) AskedStatus(context.Context) ([]workload.Status, error) {
	i := int(l.n.Add(1)) - 1
	return l.lists[min(i, len(l.lists)-1)], nil
}

func up(service string) workload.Status {
	return workload.Status{Service: service, Container: service + "-1", State: "running"}
}

func TestContainers(t *testing.T) {
	starting, sick, loops, gone, done := up("web"), up("web"), up("web"), up("worker"), up("migrate")
	starting.Health, sick.Health, loops.Restarts = "starting", "unhealthy", 1
	gone.State, gone.ExitCode = "exited", 137
	done.State, done.Completed = "exited", true
	cases := []struct {
		name  string
		lists [][]workload.Status
		want  string // what it says or, after "!", a part of the error
	}{
		{"all run", [][]workload.Status{{up("web"), up("worker"), done}}, "3 services run"},
		{"waits for a start", [][]workload.Status{{starting}, {starting}, {up("web")}}, "1 services run"},
		{"unhealthy", [][]workload.Status{{sick}}, "!web is unhealthy"},
		{"died", [][]workload.Status{{up("web"), gone}}, "!worker is exited (exit code 137)"},
		{"never made", [][]workload.Status{{{Service: "web", State: "absent"}}}, "!web has no container"},
		{"restarts", [][]workload.Status{{up("web")}, {loops}, {up("web")}, {loops}, {up("web")}, {loops}, {up("web")}, {loops}, {up("web")}, {loops}, {up("web")}, {loops}}, "!web restarts"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			limit := 30 * time.Second
			want, fails := strings.CutPrefix(c.want, "!")
			if fails {
				limit = 200 * time.Millisecond
			}
			said, err := health.Containers{Services: &looks{lists: c.lists}, Hold: time.Millisecond, Limit: limit}.Prove(t.Context())
			if !fails && (err != nil || said != want) {
				t.Errorf("got %q, %v; want %q", said, err, want)
			}
			if fails && (err == nil || !strings.Contains(err.Error(), want) || fault.HintOf(err) == "") {
				t.Errorf("got %q, %v; want %q", said, err, want)
			}
		})
	}
}

func TestRunAsksAllAndReportsEach(t *testing.T) {
	r, err := health.Run(t.Context(), []health.Check{
		{ID: "a", Title: "A", Ask: func(context.Context) (string, error) { return "fine", nil }},
		{ID: "b", Title: "B", Ask: func(context.Context) (string, error) { return "", fault.New(fault.Other, "Do it", "broken") }},
	})
	if err != nil || r.Healthy || strings.Join(r.Failed(), " ") != "b" || r.Checks[0].Said != "fine" || r.Checks[1].Error != "broken" || r.Checks[1].Hint != "Do it" {
		t.Errorf("got %+v, %v", r, err)
	}
}
