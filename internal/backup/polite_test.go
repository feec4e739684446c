package backup_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/backup/capture"
	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/internal/priority"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// scripted is a stack whose helper says what it should, and notes what it was
// asked for.
type scripted struct {
	notes []string
	heard capture.Request
	talk  workload.Talk
	exec  func(service, command string) (said string, code int) // nil: nothing works
	told  told

	manifest backup.Manifest // of captured
}

func (s *scripted) note(format string, args ...any) {
	s.notes = append(s.notes, fmt.Sprintf(format, args...))
}

func (s *scripted) Pause(_ context.Context, services ...string) error {
	if len(services) > 0 {
		s.note("pause %s", strings.Join(services, " "))
	}
	return nil
}

func (s *scripted) Unpause(context.Context, ...string) error { s.note("go on"); return nil }
func (s *scripted) Stop(context.Context, ...string) error    { return nil }
func (s *scripted) Start(context.Context, ...string) error   { return nil }

func (s *scripted) Status(context.Context) ([]workload.Status, error) {
	return []workload.Status{{Service: "web", State: "running"}, {Service: "postgres", State: "running"}}, nil
}

func (s *scripted) ReadVolumeFile(context.Context, string, string) ([]byte, error) {
	return []byte("14\n"), nil
}
func (s *scripted) ImageIDs(context.Context) (ids, digests map[string]string, err error) {
	return nil, nil, nil
}
func (s *scripted) VolumeExists(context.Context, string) (bool, error) { return true, nil }
func (s *scripted) Rendered() ([]byte, error)                          { return nil, nil }

func (s *scripted) Exec(_ context.Context, service string, c workload.Exec) (workload.Result, error) {
	if s.exec == nil {
		return workload.Result{ExitCode: 1}, nil
	}
	said, code := s.exec(service, strings.Join(c.Command, " "))
	return workload.Result{Stdout: []byte(said), ExitCode: code}, nil
}

func (s *scripted) Weigh(_ context.Context, helper string, w workload.Weight) error {
	s.note("weigh %s %d %d", helper, w.CPU, w.Disk)
	return nil
}

func (s *scripted) Model() release.Model {
	return release.Model{
		Services: []release.Service{{Name: "web", DependsOn: []string{"postgres"}}, {Name: "postgres"}},
		Volumes:  []release.Volume{{Name: "p", EngineName: "p", MountedBy: []string{"postgres:/var/lib/postgresql/data"}}},
	}
}

func (s *scripted) Talk(_ context.Context, t workload.Talk) error {
	s.talk = t
	in := bufio.NewReader(t.In)
	first, err := in.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(first, &s.heard)
	}
	if err != nil {
		return err
	}
	say := func(r capture.Report) {
		line, _ := json.Marshal(r)
		t.Line(line)
	}
	if s.heard.Drafts > 0 || s.heard.Moving {
		say(capture.Report{Draft: &capture.Pass{}})
	}
	say(capture.Report{Ready: true})
	word := make([]byte, len(capture.Go))
	if _, err := io.ReadFull(in, word); err != nil {
		return err
	}
	s.note("last pass")
	say(capture.Report{Final: &capture.Pass{Volumes: []capture.Taken{{Name: "p"}}}})
	return nil
}

type openDoor struct{}

func (openDoor) Prove(context.Context) error { return nil }

// captured runs the steps up to the one that reads the volumes.
func captured(t *testing.T, plan backup.Plan) *scripted {
	t.Helper()
	st := &scripted{}
	if err := capturedBy(t, st, plan); err != nil {
		t.Fatal(err)
	}
	return st
}

func capturedBy(t *testing.T, st *scripted, plan backup.Plan) error {
	t.Helper()
	s := resting(t, "")
	plan.Set, plan.MaxRest = "1", time.Hour
	e := &backup.Env{
		Plan: plan, Site: s, Record: site.Record{State: site.Installed, Project: "x"}, Stack: st, FrontDoor: openDoor{}, Sink: &st.told, Now: time.Now,
		Watch: func(context.Context) func() backup.Gaps { return func() backup.Gaps { return backup.Gaps{} } },
		Guard: func(context.Context) (func() error, error) {
			return func() error { st.note("guard sent home"); return nil }, nil
		},
		Hurry: func() (func() error, error) {
			st.note("hurry")
			return func() error { st.note("calm"); return nil }, nil
		},
	}
	for _, step := range backup.Steps()[:2] {
		if err := step.Run(t.Context(), e); err != nil {
			return fmt.Errorf("%s: %w", step.ID, err)
		}
	}
	st.manifest = e.Manifest()
	return nil
}

// Politeness ends before the first service rests and begins again when they
// go on; what nothing rests for stays polite.
func TestNothingIsPoliteDuringTheRest(t *testing.T) {
	low := priority.Priority{Nice: 10, IO: priority.Idle}
	cases := []struct {
		name   string
		mode   backup.Mode
		p      priority.Priority
		weight workload.Weight
		notes  []string
	}{
		{"low", backup.Precopy, low, workload.Weight{CPU: 110, Disk: 10},
			[]string{"weigh backup 1024 500", "hurry", "pause web", "pause postgres", "last pass", "go on", "calm", "guard sent home"}},
		{"normal", backup.Precopy, priority.Priority{}, workload.Weight{}, []string{"pause web", "pause postgres", "last pass", "go on", "guard sent home"}},
		{"nothing rests", backup.Ahead, low, workload.Weight{CPU: 110, Disk: 10}, []string{"last pass"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			st := captured(t, backup.Plan{Mode: c.mode, Priority: c.p, Drafts: 1})
			if d := cmp.Diff(c.notes, st.notes); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if st.talk.Weight != c.weight || st.heard.Priority != c.p {
				t.Errorf("helper: %+v, %+v", st.talk.Weight, st.heard.Priority)
			}
		})
	}
}

// Where all is read during the rest, nothing was measured that could predict
// how long it takes.
func TestNothingIsPredictedWithoutAMeasure(t *testing.T) {
	cases := []struct {
		name string
		plan backup.Plan
		want string
		some bool
	}{
		{"precopy", backup.Plan{Mode: backup.Precopy, Drafts: 1}, "info: 2 services rest now, for about 1.1s", true},
		{"no pass before", backup.Plan{Mode: backup.Precopy}, "info: 2 services rest now, until all volumes are read", false},
		{"cold", backup.Plan{Mode: backup.Cold}, "info: 2 services rest now, until all volumes are read", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			st := captured(t, c.plan)
			if got := st.manifest.Downtime.Predicted; !slices.Contains(st.told, c.want) || (got > 0) != c.some {
				t.Errorf("got %q and %s, want %q", st.told, got, c.want)
			}
		})
	}
}

// The limit of bandwidth is the helper's to keep: it reaches it.
func TestUploadLimitReachesTheHelper(t *testing.T) {
	st := captured(t, backup.Plan{Mode: backup.Precopy, Access: repository.Access{UploadLimit: 5e6}})
	if st.heard.Access.UploadLimit != 5e6 {
		t.Errorf("the helper heard %+v", st.heard.Access)
	}
}
