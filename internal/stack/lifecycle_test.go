package stack

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/moby/client"

	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/workload"
)

const threeServices = `
x-box: &box
  image: ` + boxImage + `
  restart: unless-stopped
services:
  store:
    <<: *box
    command: [serve, 300ms]
    healthcheck: {test: [CMD, /sentryctl, health], interval: 60s}
    volumes: ["data:/data", "./store.conf:/store.conf:ro"]
  init:
    image: ` + boxImage + `
    command: [exit, "0", initialised]
    depends_on: {store: {condition: service_healthy}}
  web:
    <<: *box
    command: [serve, 0s]
    environment: {BOX: from-compose}
    depends_on:
      store: {condition: service_healthy}
      init: {condition: service_completed_successfully}
  other:
    <<: *box
    command: [serve, 0s]
volumes:
  data:
`

func states(t *testing.T, s *site) map[string]string {
	t.Helper()
	list, err := s.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, st := range list {
		got[st.Service] = st.State
	}
	return got
}

func ids(t *testing.T, s *site) map[string]string {
	t.Helper()
	found, err := s.observe(t.Context(), func(string) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for name, boxes := range found {
		got[name] = boxes[0].id + boxes[0].started.String()
	}
	return got
}

func TestLifeOfAProject(t *testing.T) {
	e := realEngine(t)
	s := newSite(t, e, threeServices)
	write(t, filepath.Join(s.dir, "store.conf"), "one")
	if err := s.Start(t.Context(), "web"); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"store": "running", "init": "exited", "web": "running", "other": "absent"}
	if diff := cmp.Diff(want, states(t, s)); diff != "" {
		t.Fatalf("after the start of web (-want +got):\n%s", diff)
	}
	if last := s.told.list[len(s.told.list)-1]; last != (event.Progress{Item: "web", Unit: "services", Done: 3, Total: 3}) {
		t.Errorf("last event: %+v", last)
	}

	before := ids(t, s)
	if err := s.Start(t.Context(), "store"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, ids(t, s)); diff != "" {
		t.Errorf("a second start changes something (-before +after):\n%s", diff)
	}

	if err := s.Stop(t.Context(), "web", "store"); err != nil {
		t.Fatal(err)
	}
	want["web"], want["store"] = "exited", "exited"
	if diff := cmp.Diff(want, states(t, s)); diff != "" {
		t.Errorf("after stop (-want +got):\n%s", diff)
	}
	if err := s.Down(t.Context(), DownOptions{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"store": "absent", "init": "absent", "web": "absent", "other": "absent"}, states(t, s)); diff != "" {
		t.Errorf("after down (-want +got):\n%s", diff)
	}
	if err := e.volumeExists(t.Context(), s.project.Name()+"_data"); err != nil {
		t.Errorf("down took the volume: %v", err)
	}
}

// A replacement that was cut off before its last act leaves a container that
// bears the other's ID before its name.
func TestStartGivesAContainerItsName(t *testing.T) {
	e := realEngine(t)
	s := newSite(t, e, "services: {web: {image: "+boxImage+", command: [serve, 0s]}}")
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := ids(t, s)
	name := s.project.Name() + "-web-1"
	if _, err := e.api.ContainerRename(t.Context(), name, client.ContainerRenameOptions{NewName: "0123456789ab_" + name}); err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := e.api.ContainerInspect(t.Context(), name, client.ContainerInspectOptions{}); err != nil {
		t.Error(err)
	}
	if d := cmp.Diff(before, ids(t, s)); d != "" {
		t.Errorf("it was replaced or started again:\n%s", d)
	}
}

func TestFailuresOfAStart(t *testing.T) {
	e := realEngine(t)
	cases := []struct {
		name, compose, want string
	}{
		{"ends at once", "services: {bad: {image: " + boxImage + ", command: [exit, '3', no disk], healthcheck: {test: [CMD, /sentryctl, health]}}}",
			"service bad ended with exit code 3: no disk"},
		{"crash loop", "services: {bad: {image: " + boxImage + ", restart: always, command: [exit, '4', cannot bind]}}",
			"last with exit code 4: cannot bind"},
		{"never healthy", "services: {bad: {image: " + boxImage + ", command: [serve, 1h], healthcheck: {test: [CMD, /sentryctl, health]}}}",
			"service bad is not ready after 2s: not yet"},
		{"image absent", "services: {bad: {image: sentryctl-test-absent:1}}", "No such image: sentryctl-test-absent:1"},
		{"external volume absent", "services: {bad: {image: " + boxImage + ", volumes: ['data:/data']}}\nvolumes: {data: {external: true, name: sentryctl-test-absent}}",
			`external volume "sentryctl-test-absent" not found`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, e, c.compose)
			s.ReadyTimeout = 2 * time.Second
			if c.name == "crash loop" {
				s.ReadyTimeout = 30 * time.Second
			}
			err := s.Start(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want %q in it", err, c.want)
			}
			if fault.CodeOf(err) != fault.Resumable || fault.HintOf(err) == "" {
				t.Errorf("code %d, hint %q", fault.CodeOf(err), fault.HintOf(err))
			}
		})
	}
}

// Nobody waits for a service without a health check that is not started again.
func TestFailedErrandIsToldAndHoldsNothingUp(t *testing.T) {
	s := newSite(t, realEngine(t), "services: {errand: {image: "+boxImage+", command: [exit, '4', no account]}, web: {image: "+boxImage+", command: [serve, 1h]}}")
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	told := slices.ContainsFunc(s.told.list, func(e event.Event) bool {
		n, ok := e.(event.Notice)
		return ok && n.Level == "warn" && strings.Contains(n.Text, "service errand ended with exit code 4: no account")
	})
	if !told {
		t.Errorf("nobody was told: %v", s.told.list)
	}
	if settled, err := s.Settled(t.Context()); err != nil || !settled {
		t.Errorf("settled: %t, %v", settled, err)
	}
}

func TestRunOneOff(t *testing.T) {
	e := realEngine(t)
	s := newSite(t, e, threeServices)
	write(t, filepath.Join(s.dir, "store.conf"), "one")
	cases := []struct {
		name string
		o    workload.OneOff
		want workload.Result
	}{
		{"stdin and environment", workload.OneOff{Service: "web", Name: "a", NoDeps: true, Command: []string{"cat"}, Stdin: []byte("secret\n"), Quiet: true},
			workload.Result{Stdout: []byte("env from-compose\nsecret\n")}},
		{"no stdin, own environment", workload.OneOff{Service: "web", Name: "b", NoDeps: true, Command: []string{"cat"}, Env: map[string]string{"BOX": "mine"}},
			workload.Result{Stdout: []byte("env mine\n")}},
		{"exit code", workload.OneOff{Service: "other", Name: "c", Command: []string{"exit", "7", "told"}},
			workload.Result{Stderr: []byte("told\n"), ExitCode: 7}},
		{"other entrypoint", workload.OneOff{Service: "other", Name: "d", Entrypoint: []string{"/sentryctl", "exit"}, Command: []string{"0", "x"}},
			workload.Result{Stderr: []byte("x\n")}},
		{"with what it depends on", workload.OneOff{Service: "init", Name: "e"}, workload.Result{Stderr: []byte("initialised\n")}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := s.RunOneOff(t.Context(), c.o)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if _, err := e.look(t.Context(), s.containerName(c.o.Name)); err == nil {
				t.Error("the container is still there")
			}
		})
	}
	if strings.Contains(s.told.logged(), "secret") || !strings.Contains(s.told.logged(), "other: told") {
		t.Errorf("log:\n%s", s.told.logged())
	}
	if diff := cmp.Diff(map[string]string{"store": "running", "init": "absent", "web": "absent", "other": "absent"}, states(t, s)); diff != "" {
		t.Errorf("services (-want +got):\n%s", diff)
	}
}

func TestRunOneOffCancelledLeavesNothing(t *testing.T) {
	e := realEngine(t)
	s := newSite(t, e, threeServices)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	name := s.containerName("slow")
	go func() {
		for ctx.Err() == nil {
			if b, err := e.look(ctx, name); err == nil && b.running() {
				cancel()
			}
		}
	}()
	_, err := s.RunOneOff(ctx, workload.OneOff{Service: "other", Name: "slow"})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := e.look(t.Context(), name); err == nil {
		t.Error("the container is still there")
	}
}

func TestRunOneOffTakesOverWhatACrashLeft(t *testing.T) {
	e := realEngine(t)
	s := newSite(t, e, threeServices)
	o := workload.OneOff{Service: "other", Name: "left", Command: []string{"exit", "0", "done"}}
	p, err := oneOffProject(s.model(), o, s.containerName("left"))
	if err != nil {
		t.Fatal(err)
	}
	id, err := e.createOneOff(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.RunOneOff(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if _, err := e.api.ContainerInspect(t.Context(), id, client.ContainerInspectOptions{}); err == nil {
		t.Error("the left-over is still there")
	}
}

func TestExec(t *testing.T) {
	e := realEngine(t)
	s := newSite(t, e, threeServices)
	if _, err := s.Exec(t.Context(), "other", workload.Exec{Command: []string{"/sentryctl", "cat"}}); fault.CodeOf(err) != fault.Resumable {
		t.Errorf("exec in an absent container: %v", err)
	}
	if err := s.Start(t.Context(), "other"); err != nil {
		t.Fatal(err)
	}
	got, err := s.Exec(t.Context(), "other", workload.Exec{Command: []string{"/sentryctl", "cat"}, Env: []string{"BOX=x"}, Stdin: []byte("in")})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(workload.Result{Stdout: []byte("env x\nin")}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	got, err = s.Exec(t.Context(), "other", workload.Exec{Command: []string{"/sentryctl", "exit", "5", "bad"}})
	if err != nil || got.ExitCode != 5 || string(got.Stderr) != "bad\n" {
		t.Errorf("got %+v, %v", got, err)
	}
}
