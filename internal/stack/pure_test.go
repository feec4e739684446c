package stack

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/google/go-cmp/cmp"
	"github.com/moby/moby/api/types/container"

	"github.com/sentryctl/sentryctl/internal/event"
)

func TestHealthCommand(t *testing.T) {
	cases := []struct {
		name  string
		test  []string
		shell []string
		want  []string
	}{
		{"none given", nil, nil, nil},
		{"switched off", []string{"NONE"}, nil, nil},
		{"command", []string{"CMD", "pg_isready", "-U", "postgres"}, nil, []string{"pg_isready", "-U", "postgres"}},
		{"shell", []string{"CMD-SHELL", "curl -f x || exit 1"}, nil, []string{"/bin/sh", "-c", "curl -f x || exit 1"}},
		{"the image's own shell", []string{"CMD-SHELL", "x"}, []string{"/bin/bash", "-ec"}, []string{"/bin/bash", "-ec", "x"}},
		{"inherited, without a command", []string{}, nil, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, healthCommand(&container.HealthConfig{Test: c.test}, c.shell)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestDependants(t *testing.T) {
	needs := func(names ...string) (list []dependency) {
		for _, n := range names {
			list = append(list, dependency{service: n})
		}
		return list
	}
	got, err := dependants(map[string][]dependency{
		"db": nil, "cache": nil, "web": needs("db", "cache"), "worker": needs("web"), "proxy": needs("web"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{"db": 3, "cache": 3, "web": 2, "worker": 0, "proxy": 0}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_, err = dependants(map[string][]dependency{"a": needs("b"), "b": needs("c"), "c": needs("a")})
	if err == nil || !strings.Contains(err.Error(), "a → b → c → a") {
		t.Errorf("a circle: %v", err)
	}
}

func TestRhythm(t *testing.T) {
	var got []time.Duration
	for beats := newRhythm(true); len(got) < 7; {
		got = append(got, beats.pause())
	}
	ms := time.Millisecond
	want := []time.Duration{100 * ms, 160 * ms, 256 * ms, 409600 * time.Microsecond, 655360 * time.Microsecond, 1000 * ms, 1000 * ms}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestGateLetsTheMostUrgentPassFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1)
		if err := g.enter(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		passed := make(chan string, 4)
		wait := func(ctx context.Context, name string, urgency int) {
			go func() {
				if g.enter(ctx, urgency) == nil {
					passed <- name
					g.leave()
				}
			}()
			synctest.Wait()
		}
		given, giveUp := context.WithCancel(t.Context())
		wait(t.Context(), "first of the idle", 0)
		wait(t.Context(), "second of the idle", 0)
		wait(given, "gives up", 9)
		wait(t.Context(), "urgent", 5)
		giveUp()
		synctest.Wait()
		g.leave()
		synctest.Wait()
		close(passed)
		var got []string
		for name := range passed {
			got = append(got, name)
		}
		if diff := cmp.Diff([]string{"urgent", "first of the idle", "second of the idle"}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if g.free != 1 {
			t.Errorf("%d places are free, want 1", g.free)
		}
	})
}

// An Engine that lost count of a network's users keeps it: nobody is helped by
// an error, but told.
func TestANetworkThatTheEngineKeeps(t *testing.T) {
	kept, other := errors.New("network shop_default has active endpoints"), errors.New("no")
	for _, c := range []struct {
		name    string
		answers []error
		want    error
		told    bool
	}{
		{"removed", []error{nil}, nil, false},
		{"the Engine finds back", []error{kept, nil}, nil, false},
		{"kept", []error{kept, kept}, nil, true},
		{"another reason", []error{other}, other, false},
		{"another reason then", []error{kept, other}, other, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				told := &events{}
				s := &Stack{project: &Project{full: &types.Project{Name: "shop"}}, sink: told}
				asked := 0
				err := s.withoutUsers(t.Context(), func() error { asked++; return c.answers[asked-1] })
				if !errors.Is(err, c.want) || (len(told.list) > 0) != c.told || asked != len(c.answers) {
					t.Errorf("got %v, told %v, asked %d times", err, told.list, asked)
				}
			})
		})
	}
}

func TestBaseImages(t *testing.T) {
	cases := []struct {
		name, dockerfile string
		args             map[string]string
		want             []string
	}{
		{"plain", "FROM debian:12\nRUN x", nil, []string{"debian:12"}},
		{"argument given", "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}", map[string]string{"BASE_IMAGE": "sentry:1"}, []string{"sentry:1"}},
		{"argument with default", "ARG TAG=\"3.2\"\nFROM alpine:$TAG", nil, []string{"alpine:3.2"}},
		{"fallback in the reference", "FROM ${IMG:-busybox}", nil, []string{"busybox"}},
		{"stages and scratch", "FROM --platform=linux/amd64 golang AS build\nFROM scratch\nFROM build\nFROM golang", nil, []string{"golang"}},
		{"an argument after FROM is another one", "FROM a\nARG X=b\nFROM ${X:-c}", nil, []string{"a", "c"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, baseImages(c.dockerfile, c.args)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestBuildInputs(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "Dockerfile"), "FROM base\n")
	write(t, filepath.Join(dir, "file"), "one")
	write(t, filepath.Join(dir, ".dockerignore"), "ignored\n")
	job := buildJob{context: dir, dockerfile: filepath.Join(dir, "Dockerfile"), build: &types.BuildConfig{}, args: map[string]string{"A": "1"}, bases: []string{"base"}}
	digest := func(j buildJob, base string) string {
		t.Helper()
		d, err := j.inputs(t.Context(), map[string]string{"base": base})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	first := digest(job, "sha256:1")
	past := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(dir, "file"), past, past); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "ignored"), "x")
	if got := digest(job, "sha256:1"); got != first {
		t.Error("times or ignored files change the digest")
	}
	if digest(job, "sha256:2") == first {
		t.Error("another base does not change the digest")
	}
	other := job
	other.args = map[string]string{"A": "2"}
	if digest(other, "sha256:1") == first {
		t.Error("another argument does not change the digest")
	}
	inline := job
	inline.dockerfile, inline.build = "", &types.BuildConfig{DockerfileInline: "FROM base\nRUN x\n"}
	if a, b := digest(inline, "sha256:1"), digest(inline, "sha256:1"); a == first || a != b {
		t.Error("an inline Dockerfile must give a digest of its own, always the same")
	}
	if err := os.Chmod(filepath.Join(dir, "file"), 0o755); err != nil {
		t.Fatal(err)
	}
	if digest(job, "sha256:1") == first {
		t.Error("another mode does not change the digest")
	}
}

func TestLogLines(t *testing.T) {
	told := &events{}
	lines := &logLines{source: "web", sink: told}
	for _, part := range []string{"one\ntw", "o\r\n\n", "10%\r90%\rdone\nrest"} {
		if _, err := lines.Write([]byte(part)); err != nil {
			t.Fatal(err)
		}
	}
	lines.flush()
	var got []string
	for _, e := range told.list {
		got = append(got, e.(event.Log).Text)
	}
	if diff := cmp.Diff([]string{"one", "two", "done", "rest"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTailKeepsTheEnd(t *testing.T) {
	k := &tail{limit: 4}
	for range 100 {
		_, _ = k.Write([]byte("abcdefghi"))
	}
	if got := string(k.Bytes()); got != "fghi" {
		t.Errorf("got %q", got)
	}
	if cap(k.data) > 64 {
		t.Errorf("%d bytes are held for 4", cap(k.data))
	}
}

func TestChangedSince(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "conf/nginx.conf")
	write(t, file, "x")
	past := time.Now().Add(-time.Hour)
	if err := os.Chtimes(file, past, past); err != nil {
		t.Fatal(err)
	}
	mount := func(source string, readOnly bool) types.ServiceConfig {
		return types.ServiceConfig{Volumes: []types.ServiceVolumeConfig{{Type: types.VolumeTypeBind, Source: source, ReadOnly: readOnly}}}
	}
	cases := []struct {
		name    string
		service types.ServiceConfig
		started time.Time
		want    bool
	}{
		{"written after the start", mount(file, false), past.Add(-time.Minute), true},
		{"written before", mount(file, false), past.Add(time.Minute), false},
		{"moved here after the start with its old time", mount(file, true), past.Add(time.Minute), true},
		{"in a mounted directory", mount(filepath.Dir(file), false), past.Add(-time.Minute), true},
		{"outside of the site", mount(filepath.Join(dir, ".."), false), time.Time{}, false},
		{"absent", mount(filepath.Join(dir, "absent"), false), time.Time{}, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := changedSince(dir, c.service, c.started); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}
