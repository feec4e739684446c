package kafka

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/lab/standin/bus"
	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

func TestAdvertised(t *testing.T) {
	cases := map[string]struct{ in, want string }{
		"nothing said":        {"", "kafka:9092"},
		"release 23.6.2":      {"PLAINTEXT://kafka:9092", "kafka:9092"},
		"release 26.8.0":      {"PLAINTEXT://127.0.0.1:29092,INTERNAL://kafka:9093,EXTERNAL://kafka:9092", "kafka:9092"},
		"another service":     {"EXTERNAL://broker.example:9092", "broker.example:9092"},
		"no listener on 9092": {"PLAINTEXT://127.0.0.1:29092", "kafka:9092"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := advertised(c.in); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func process(out *bytes.Buffer, args ...string) *proc.Proc {
	return &proc.Proc{Role: "test", Args: args, Stdout: out, Stderr: new(bytes.Buffer), Getenv: func(string) string { return "" }}
}

// start runs a broker on dir; stop ends it as SIGTERM would.
func start(t *testing.T, dir string) (addr string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ready, done := make(chan string, 1), make(chan error, 1)
	s := settings{dir: dir, listen: "127.0.0.1:0", ready: func(a string) { ready <- a }}
	go func() { done <- serve(ctx, process(new(bytes.Buffer)), s) }()
	select {
	case addr = <-ready:
	case err := <-done:
		t.Fatalf("broker: %v", err)
	}
	return addr, func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("broker: %v", err)
		}
	}
}

// read consumes until want records came, then stops.
func read(t *testing.T, addr, group string, want int) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var got []string
	c := bus.Consumer{Brokers: []string{addr}, Group: group, Topics: []string{"events"}, Handle: func(_ context.Context, rs []bus.Record) error {
		for _, r := range rs {
			got = append(got, string(r.Value))
		}
		if len(got) >= want {
			cancel()
		}
		return nil
	}}
	if err := c.Run(ctx, process(new(bytes.Buffer))); err != nil && ctx.Err() == nil {
		t.Fatal(err)
	}
	return got
}

func send(t *testing.T, addr string, values ...string) {
	t.Helper()
	producer, err := bus.NewProducer([]string{addr}, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer producer.Close()
	for _, v := range values {
		if err := producer.Send(t.Context(), bus.Record{Topic: "events", Value: []byte(v)}); err != nil {
			t.Fatal(err)
		}
	}
}

func run(t *testing.T, what proc.Run, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	if err := what(t.Context(), process(&out, args...)); err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	return out.String()
}

func TestRecordsAndCommitsSurviveARestart(t *testing.T) {
	dir := t.TempDir()
	addr, stop := start(t, dir)
	send(t, addr, "one", "two")
	if diff := cmp.Diff([]string{"one", "two"}, read(t, addr, "g", 2)); diff != "" {
		t.Errorf("before the restart (-want +got):\n%s", diff)
	}
	send(t, addr, "three")
	stop()

	addr, stop = start(t, dir)
	defer stop()
	if diff := cmp.Diff([]string{"three"}, read(t, addr, "g", 1)); diff != "" {
		t.Errorf("same group after the restart (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"one", "two", "three"}, read(t, addr, "other", 3)); diff != "" {
		t.Errorf("new group after the restart (-want +got):\n%s", diff)
	}
}

func TestTools(t *testing.T) {
	addr, stop := start(t, t.TempDir())
	defer stop()
	at := []string{"--bootstrap-server", addr}
	if got := run(t, Topics, append(at, "--create", "--topic", "events")...); got != "Created topic events.\n" {
		t.Errorf("create said %q", got)
	}
	run(t, Topics, append(at, "--create", "--if-not-exists", "--topic", "events")...)
	if err := Topics(t.Context(), process(new(bytes.Buffer), append(at, "--create", "--topic", "events")...)); proc.Code(t.Context(), err) != 1 {
		t.Errorf("a topic that exists: got %v, want exit 1", err)
	}
	if got := run(t, Topics, append(at, "--list")...); got != "events\n" {
		t.Errorf("list said %q", got)
	}
	send(t, addr, "one", "two")
	read(t, addr, "g", 2)
	if got := run(t, ConsumerGroups, append(at, "--list")...); got != "g\n" {
		t.Errorf("groups: %q", got)
	}
	run(t, ConsumerGroups, append(at, "--group", "g", "--topic", "events", "--reset-offsets", "--to-earliest", "--execute")...)
	got := strings.Fields(run(t, ConsumerGroups, append(at, "--describe", "--group", "g")...))
	want := strings.Fields("Consumer group 'g' has no active members. GROUP TOPIC PARTITION CURRENT-OFFSET LOG-END-OFFSET LAG CONSUMER-ID HOST CLIENT-ID g events 0 0 2 2 - - -")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("describe (-want +got):\n%s", diff)
	}

	file := filepath.Join(t.TempDir(), "groups.csv")
	if err := os.WriteFile(file, []byte("g,events,0,9\nnew,events,0,1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	set := strings.Fields(run(t, ConsumerGroups, append(at, "--group", "g", "--group", "new", "--reset-offsets", "--from-file", file, "--execute")...))
	if diff := cmp.Diff(strings.Fields("GROUP TOPIC PARTITION NEW-OFFSET g events 0 2 new events 0 1"), set); diff != "" {
		t.Errorf("from a file (-want +got):\n%s", diff)
	}
}

// A log belongs to a Kafka with ZooKeeper or to one without, as upstream's does.
func TestALogIsNotTakenOverWithoutZooKeeper(t *testing.T) {
	dir := t.TempDir()
	holds := func() bool {
		_, err := os.Stat(filepath.Join(dir, "ingest-events-0"))
		return err == nil
	}
	for _, c := range []struct {
		alone, fails, keeps bool
	}{{alone: false, keeps: true}, {alone: false, keeps: true}, {alone: true}, {alone: true, keeps: true}, {alone: false, fails: true, keeps: true}} {
		if err := os.MkdirAll(filepath.Join(dir, "ingest-events-0"), 0o755); err != nil {
			t.Fatal(err)
		}
		err := takeOver(process(new(bytes.Buffer)), dir, c.alone)
		if (err != nil) != c.fails || holds() != c.keeps {
			t.Errorf("without ZooKeeper: %t: got %v, the log is there: %t; want %+v", c.alone, err, holds(), c)
		}
	}
}
