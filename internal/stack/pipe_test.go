package stack

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moby/moby/client"

	"github.com/sentryctl/sentryctl/internal/workload"
)

func TestPipe(t *testing.T) {
	e := realEngine(t)
	s := newSite(t, e, threeServices)
	write(t, filepath.Join(s.dir, "store.conf"), "one")
	long := strings.Repeat("0123456789abcde\n", 1<<18) // more than any kept output
	keyboard, hands := io.Pipe()                       // nobody types, and nobody hangs up
	defer hands.Close()
	sizes := make(chan workload.Size, 1)
	sizes <- workload.Size{Width: 100, Height: 30}
	cases := []struct {
		name     string
		command  []string
		streams  workload.Streams
		out, err string
		code     int
	}{
		{"a long stream", []string{"cat"}, workload.Streams{In: strings.NewReader(long)}, "env from-compose\n" + long, "", 0},
		{"no stdin", []string{"cat"}, workload.Streams{}, "env from-compose\n", "", 0},
		{"exit code", []string{"exit", "7", "told"}, workload.Streams{}, "", "told\n", 7},
		{"a terminal", []string{"exit", "3", "told"}, workload.Streams{In: keyboard, Sizes: sizes}, "told\r\n", "", 3},
	}
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var out, complaints bytes.Buffer
			c.streams.Out, c.streams.Err = &out, &complaints
			o := workload.OneOff{Service: "web", Name: "pipe" + string(rune('a'+i)), NoDeps: true, Command: c.command}
			code, err := s.Pipe(t.Context(), o, c.streams)
			if err != nil || code != c.code || out.String() != c.out || complaints.String() != c.err {
				t.Errorf("got %d, %v, %d bytes, %q", code, err, out.Len(), &complaints)
			}
			if _, err := e.look(t.Context(), s.containerName(o.Name)); err == nil {
				t.Error("the container is still there")
			}
		})
	}
	if strings.Contains(s.told.logged(), "told") {
		t.Errorf("what passes through is told:\n%s", s.told.logged())
	}
}

func TestPipeIntoWhatIsFull(t *testing.T) {
	e := realEngine(t)
	s := newSite(t, e, threeServices)
	full := errors.New("no space left on device")
	out := writerFunc(func([]byte) (int, error) { return 0, full })
	in, feed := io.Pipe() // stays open: only the failure ends the container
	defer feed.Close()
	o := workload.OneOff{Service: "web", Name: "full", NoDeps: true, Command: []string{"cat"}}
	if _, err := s.Pipe(t.Context(), o, workload.Streams{In: in, Out: out, Err: io.Discard}); !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
	if _, err := e.look(t.Context(), s.containerName("full")); err == nil {
		t.Error("the container is still there")
	}
}

// What a run that was killed has left running ends; services go on.
func TestEndOneOffs(t *testing.T) {
	e := realEngine(t)
	s := newSite(t, e, threeServices)
	if err := s.Start(t.Context(), "other"); err != nil {
		t.Fatal(err)
	}
	name := s.containerName("killed")
	p, err := oneOffProject(s.model(), workload.OneOff{Service: "other", Name: "killed", Command: []string{"serve", "0s"}}, name)
	if err != nil {
		t.Fatal(err)
	}
	id, err := e.createOneOff(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.api.ContainerStart(t.Context(), id, client.ContainerStartOptions{}); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second finds nothing
		if err := s.EndOneOffs(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := e.look(t.Context(), name); err == nil {
		t.Error("the one-off is still there")
	}
	if got := states(t, s)["other"]; got != "running" {
		t.Errorf("the service is %s", got)
	}
}
