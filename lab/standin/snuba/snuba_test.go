package snuba

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/sentryctl/sentryctl/lab/standin/bus"
	"github.com/sentryctl/sentryctl/lab/standin/clickhouse"
	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

// stack is a ClickHouse and processes that use it.
type stack struct {
	t      *testing.T
	host   string
	broker string
}

func newStack(t *testing.T) stack {
	t.Helper()
	h, done, err := clickhouse.Handler(t.TempDir(), "25.3.6.1")
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(h)
	t.Cleanup(func() { srv.Close(); done() })
	return stack{t: t, host: strings.TrimPrefix(srv.URL, "http://")}
}

func (s stack) process(out *bytes.Buffer, version string, args ...string) *proc.Proc {
	env := map[string]string{"CLICKHOUSE_HOST": s.host, "STANDIN_VERSION": version, "DEFAULT_BROKERS": s.broker}
	return &proc.Proc{Role: "snuba", Args: args, Stdout: out, Stderr: new(bytes.Buffer), Getenv: func(name string) string { return env[name] }}
}

func (s stack) run(version string, args ...string) string {
	s.t.Helper()
	var out bytes.Buffer
	if err := Run(s.t.Context(), s.process(&out, version, args...)); err != nil {
		s.t.Fatalf("snuba %v: %v", args, err)
	}
	return out.String()
}

func TestMigrationsGoOnWhereAnOlderReleaseStopped(t *testing.T) {
	s := newStack(t)
	if got := strings.Count(s.run("23.6.2", "migrations", "list"), "[ ]"); got != 9 {
		t.Errorf("before: %d open migrations, want 9", got)
	}
	s.run("23.6.2", "migrations", "migrate", "--force")
	if got := s.run("23.6.2", "migrations", "list"); strings.Contains(got, "[ ]") || !strings.Contains(got, "events\n[X]  0001_events_initial\n") {
		t.Errorf("after:\n%s", got)
	}
	got := s.run("25.10.0", "migrations", "list")
	if open := strings.Count(got, "[ ]"); open != 8 {
		t.Errorf("next release: %d open migrations, want 8:\n%s", open, got)
	}
	s.run("25.10.0", "migrations", "migrate", "--force")
	s.run("25.10.0", "migrations", "migrate", "--force")
	n, err := clickhouse.Conn{Host: s.host}.Query(t.Context(), "SELECT count() FROM default.migrations_local", "")
	if err != nil || string(n) != "17\n" {
		t.Errorf("applied %q (%v), want 17", n, err)
	}
}

func TestAnEventIsFound(t *testing.T) {
	s := newStack(t)
	s.run("25.10.0", "migrations", "migrate", "--force")
	e := bus.Event{EventID: strings.Repeat("ab", 16), ProjectID: 1, GroupID: 7, Datetime: "2026-01-02T03:04:05.000000Z", Message: "it's\ta \"test\""}
	message, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	batch := []bus.Record{{Value: []byte("rubbish")}, {Value: message}, {Value: []byte(`[2,"end_merge",{}]`)}}
	if err := insertErrors(s.process(new(bytes.Buffer), "25.10.0"))(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	api := handler(clickhouse.Conn{Host: s.host})
	ask := func(target, body string) (int, string) {
		w := httptest.NewRecorder()
		method := "POST"
		if body == "" {
			method = "GET"
		}
		api.ServeHTTP(w, httptest.NewRequest(method, target, strings.NewReader(body)))
		return w.Code, w.Body.String()
	}
	code, body := ask("/events/snql", `{"query": "MATCH (events) SELECT event_id, group_id, timestamp, message WHERE project_id = 1 AND event_id = '`+e.EventID+`'"}`)
	var got struct{ Data []map[string]any }
	if err := json.Unmarshal([]byte(body), &got); err != nil || code != 200 {
		t.Fatalf("%d %s", code, body)
	}
	want := []map[string]any{{"event_id": e.EventID, "group_id": 7.0, "timestamp": "2026-01-02 03:04:05", "message": e.Message}}
	if diff := cmp.Diff(want, got.Data); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if code, body := ask("/events/snql", `{"query": "MATCH (events) SELECT event_id WHERE project_id = 2"}`); code != 200 || !strings.Contains(body, `"data":[]`) {
		t.Errorf("another project: %d %s", code, body)
	}
	if code, _ := ask("/events/snql", `{"query": "DROP TABLE x"}`); code != 400 {
		t.Errorf("no SnQL: %d", code)
	}
	if code, body := ask("/health?thorough=true", ""); code != 200 || !strings.Contains(body, "ok") {
		t.Errorf("health: %d %s", code, body)
	}
}

func TestTheErrorsConsumerFillsClickHouse(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.AllowAutoTopicCreation(), kfake.DefaultNumPartitions(1))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	s := newStack(t)
	s.broker = cluster.ListenAddrs()[0]
	s.run("26.8.0", "bootstrap", "--force")
	producer, err := bus.NewProducer([]string{s.broker}, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer producer.Close()
	message, err := bus.Event{EventID: strings.Repeat("cd", 16), ProjectID: 1}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := producer.Send(t.Context(), bus.Record{Topic: bus.Events, Value: message}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	ended := make(chan error, 1)
	args := strings.Fields("rust-consumer --storage errors --consumer-group snuba-consumers --auto-offset-reset=latest --no-strict-offset-reset")
	go func() { ended <- Run(ctx, s.process(new(bytes.Buffer), "26.8.0", args...)) }()
	err = proc.Retry(ctx, s.process(new(bytes.Buffer), ""), "event", func(ctx context.Context) error {
		out, err := clickhouse.Conn{Host: s.host}.Query(ctx, "SELECT count() FROM default.errors_local WHERE project_id = 1", "")
		if err == nil && string(out) != "1\n" {
			return errors.New("not there yet")
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	cancel()
	if err := <-ended; proc.Code(ctx, err) != 0 {
		t.Errorf("consumer: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	cases := map[string][]string{
		"unknown storage":         {"rust-consumer", "--storage", "nothing"},
		"unknown entity":          {"subscriptions-scheduler-executor", "--entity=nothing"},
		"bootstrap without force": {"bootstrap"},
		"unknown migrations verb": {"migrations", "nothing"},
	}
	for name, args := range cases {
		t.Run(name, func(t *testing.T) {
			p := stack{t: t, host: "127.0.0.1:1"}.process(new(bytes.Buffer), "25.10.0", args...)
			if err := Run(context.Background(), p); proc.Code(t.Context(), err) == 0 {
				t.Errorf("%v succeeded", args)
			}
		})
	}
}
