package relay

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/lab/standin/bus"
	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

const (
	goodKey = "0123456789abcdef0123456789abcdef"
	eventA  = "fc6d8c0c43fc4630ad850ee518f1b9d0"
)

// keyring knows keys as web would; away makes it fail.
type keyring struct {
	known map[string]int64
	away  atomic.Bool
}

func (k *keyring) project(_ context.Context, key string) (int64, error) {
	if k.away.Load() {
		return 0, errors.New("away")
	}
	return k.known[key], nil
}

func quiet() *proc.Proc {
	return &proc.Proc{Role: "relay", Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{}, Getenv: func(string) string { return "" }}
}

func newRelay(t *testing.T, dir string) (*relay, *keyring) {
	t.Helper()
	sp, err := openSpool(dir)
	if err != nil {
		t.Fatal(err)
	}
	keys := &keyring{known: map[string]int64{goodKey: 1}}
	return &relay{proc: quiet(), spool: sp, keys: keys, send: func(context.Context, ...bus.Record) error { return errors.New("kafka is away") }}, keys
}

func gzipped(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(s)) //nolint:errcheck // into memory
	z.Close()
	return b.String()
}

func TestAccept(t *testing.T) {
	auth := map[string]string{"X-Sentry-Auth": "Sentry sentry_version=7, sentry_key=" + goodKey}
	store := `{"event_id":"` + eventA + `","message":"hello"}`
	envelope := `{"event_id":"` + eventA + `","dsn":"http://` + goodKey + `@localhost/1"}` + "\n" +
		`{"type":"attachment","length":3}` + "\nabc\n" + `{"type":"event"}` + "\n" + store + "\n"
	cases := map[string]struct {
		path, body string
		header     map[string]string
		away       bool
		status     int
		spooled    int
	}{
		"store":                          {"/api/1/store/", store, auth, false, 200, 1},
		"store, key in the query":        {"/api/1/store/?sentry_key=" + goodKey, store, nil, false, 200, 1},
		"store without a project":        {"/api/store/", store, auth, false, 200, 1},
		"envelope with its own DSN":      {"/api/1/envelope/", envelope, nil, false, 200, 1},
		"envelope, gzip":                 {"/api/1/envelope/", gzipped(envelope), map[string]string{"Content-Encoding": "gzip"}, false, 200, 1},
		"envelope of a session":          {"/api/1/envelope/", "{}\n{\"type\":\"session\"}\n{}\n", auth, false, 200, 0},
		"no key":                         {"/api/1/store/", store, nil, false, 401, 0},
		"key that nobody has":            {"/api/1/store/?sentry_key=f00", store, nil, false, 403, 0},
		"key of another project":         {"/api/2/store/", store, auth, false, 403, 0},
		"no project":                     {"/api/x/store/", store, auth, false, 400, 0},
		"no JSON":                        {"/api/1/store/", "{", auth, false, 400, 0},
		"item longer than the envelope":  {"/api/1/envelope/", "{}\n{\"type\":\"event\",\"length\":99}\n{}", auth, false, 400, 0},
		"web is away: taken on trust":    {"/api/1/store/", store, auth, true, 200, 1},
		"web is away, project not known": {"/api/store/", store, auth, true, 503, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r, keys := newRelay(t, t.TempDir())
			keys.away.Store(c.away)
			req := httptest.NewRequest(http.MethodPost, c.path, strings.NewReader(c.body))
			for k, v := range c.header {
				req.Header.Set(k, v)
			}
			w := httptest.NewRecorder()
			r.handler(&atomic.Bool{}).ServeHTTP(w, req)
			if got := []int{w.Code, r.spool.count()}; !cmp.Equal(got, []int{c.status, c.spooled}) {
				t.Errorf("status and events on disk: got %v, want %v (%s)", got, []int{c.status, c.spooled}, w.Body)
			}
		})
	}
}

func TestSpoolSurvivesARestart(t *testing.T) {
	dir := t.TempDir()
	before, _ := newRelay(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	var stopped sync.WaitGroup
	stopped.Go(func() { before.forward(ctx) })
	req := httptest.NewRequest(http.MethodPost, "/api/1/store/?sentry_key="+goodKey, strings.NewReader(`{"event_id":"`+eventA+`","message":"kept"}`))
	w := httptest.NewRecorder()
	before.handler(&atomic.Bool{}).ServeHTTP(w, req)
	if w.Code != http.StatusOK {
		t.Fatalf("got %d", w.Code)
	}
	cancel()
	stopped.Wait()

	after, _ := newRelay(t, dir)
	sent := make(chan bus.Record, 1)
	after.send = func(_ context.Context, rs ...bus.Record) error {
		for _, r := range rs {
			sent <- r
		}
		return nil
	}
	stopped.Go(func() { after.forward(t.Context()) })
	got := <-sent
	var in bus.Ingest
	if err := json.Unmarshal(got.Value, &in); err != nil {
		t.Fatal(err)
	}
	if got.Topic != bus.IngestEvents || in.EventID != eventA || in.ProjectID != 1 || !strings.Contains(string(in.Payload), "kept") {
		t.Errorf("got topic %s and %+v", got.Topic, in)
	}
}

// The forwarder ends with SIGTERM; what it had not sent by then goes before relay does.
func TestNothingIsLeftBehindAtTheEnd(t *testing.T) {
	r, _ := newRelay(t, t.TempDir())
	it := item{Key: goodKey}
	it.Type, it.EventID, it.ProjectID, it.Payload = "event", eventA, 1, []byte(`{}`)
	if err := r.spool.add(it); err != nil {
		t.Fatal(err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	r.forward(ended)
	if r.spool.count() != 1 {
		t.Fatal("the forwarder goes on after its end")
	}
	tries := 0
	r.send = func(context.Context, ...bus.Record) error {
		if tries++; tries == 1 {
			return errors.New("kafka is busy")
		}
		return nil
	}
	if err := r.handOver(ended); err != nil || r.spool.count() != 0 || tries != 2 {
		t.Errorf("got %v, %d on disk after %d tries", err, r.spool.count(), tries)
	}
}

func TestForwardDropsWhatNobodyMaySend(t *testing.T) {
	r, keys := newRelay(t, t.TempDir())
	keys.away.Store(true)
	for _, key := range []string{goodKey, "f00"} {
		it := item{Key: key}
		it.Type, it.EventID, it.ProjectID, it.Payload = "event", eventA, 1, []byte(`{}`)
		if err := r.spool.add(it); err != nil {
			t.Fatal(err)
		}
	}
	var sent []bus.Record
	r.send = func(_ context.Context, rs ...bus.Record) error { sent = append(sent, rs...); return nil }
	if err := r.drain(t.Context()); err == nil || r.spool.count() != 2 {
		t.Errorf("while web is away: got %v and %d on disk, want an error and 2", err, r.spool.count())
	}
	keys.away.Store(false)
	if err := r.drain(t.Context()); err != nil || len(sent) != 1 || r.spool.count() != 0 {
		t.Errorf("got %v, %d sent, %d on disk; want 1 sent and none on disk", err, len(sent), r.spool.count())
	}
}

func TestCredentials(t *testing.T) {
	dir := t.TempDir()
	out := &bytes.Buffer{}
	run := func(args ...string) error {
		out.Reset()
		p := quiet()
		p.Args, p.Stdout = append([]string{"--config", dir}, args...), out
		return Run(t.Context(), p)
	}
	if err := run("credentials", "show"); err == nil {
		t.Error("shown before there are any")
	}
	if err := run("run"); err == nil || !strings.Contains(err.Error(), "credentials generate") {
		t.Errorf("run without credentials: got %v", err)
	}
	if err := run("credentials", "generate", "--stdout"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "credentials.json"), out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	id, err := readCredentials(dir)
	if err != nil || len(id.SecretKey) != 43 || len(id.PublicKey) != 43 || len(id.ID) != 36 {
		t.Errorf("got keys of %d and %d, id %q, %v", len(id.SecretKey), len(id.PublicKey), id.ID, err)
	}
	if err := run("credentials", "show"); err != nil || !strings.Contains(out.String(), "Credentials") || strings.Contains(out.String(), id.SecretKey) {
		t.Errorf("show: got %v and %q", err, out)
	}
	if err := run("credentials", "generate"); err == nil {
		t.Error("overwritten without being asked")
	}
}

func TestConfig(t *testing.T) {
	dir := t.TempDir()
	const yml = `relay:
  upstream: "http://web:9000/"
  host: 0.0.0.0
  port: 3000
processing:
  enabled: true
  kafka_config:
    - {name: "bootstrap.servers", value: "kafka:9092"}
    - {name: "message.max.bytes", value: 50000000}
metrics:
  statsd: "${RELAY_STATSD_ADDR}"
`
	if err := os.WriteFile(filepath.Join(dir, "config.yml"), []byte(yml), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := loadConfig(quiet(), dir)
	want := settings{upstream: "http://web:9000", host: "0.0.0.0", port: "3000", brokers: []string{"kafka:9092"}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(settings{})); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}
