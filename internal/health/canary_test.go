package health_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/health"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// sentry takes events at its door and stores them in the form that it is told.
type sentry struct {
	mu     sync.Mutex
	keys   string // what psql prints
	form   func(id string) string
	stored map[string]bool
	auth   string
	groups string
}

func (s *sentry) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var event struct {
		ID string `json:"event_id"`
	}
	if err := json.NewDecoder(r.Body).Decode(&event); err != nil || r.URL.Path != "/api/7/store/" {
		http.Error(w, "no", http.StatusBadRequest)
		return
	}
	s.auth = r.Header.Get("X-Sentry-Auth")
	if s.form != nil {
		s.stored[s.form(event.ID)] = true
	}
}

func (s *sentry) Exec(_ context.Context, service string, c workload.Exec) (workload.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := c.Command[len(c.Command)-1]
	switch service {
	case "postgres":
		return workload.Result{Stdout: []byte(s.keys)}, nil
	case "kafka":
		return workload.Result{Stdout: []byte(s.groups)}, nil
	}
	for id := range s.stored {
		if strings.Contains(last, "project_id = 7 ") && strings.Contains(last, "event_id = '"+id+"'") {
			return workload.Result{Stdout: []byte("1\n")}, nil
		}
	}
	return workload.Result{Stdout: []byte("0\n")}, nil
}

func hex(id string) string { return id }

func uuid(id string) string {
	return id[:8] + "-" + id[8:12] + "-" + id[12:16] + "-" + id[16:20] + "-" + id[20:]
}

func TestCanary(t *testing.T) {
	cases := []struct {
		name, keys string
		form       func(string) string
		want       string // part of the error, "" for none
	}{
		{"stored as a UUID", "abc|7\n", uuid, ""},
		{"stored as text", "abc|7\n", hex, ""},
		{"taken and lost", "abc|7\n", nil, "taken but not stored"},
		{"refused", "abc|8\n", uuid, "was not taken: status 400"},
		{"no key", "", uuid, "no project has a key"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := &sentry{keys: c.keys, form: c.form, stored: map[string]bool{}}
			srv := httptest.NewServer(s)
			defer srv.Close()
			canary := health.Canary{Door: health.FrontDoor{Address: strings.TrimPrefix(srv.URL, "http://")}, Commands: s, Limit: 10 * time.Second}
			if c.want != "" {
				canary.Limit = 200 * time.Millisecond
			}
			_, err := canary.Prove(t.Context())
			if c.want == "" {
				if err != nil || !strings.HasSuffix(s.auth, "sentry_key=abc") {
					t.Errorf("got %v, key in %q", err, s.auth)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || fault.HintOf(err) == "" {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

const groups = `
GROUP             TOPIC     PARTITION   CURRENT-OFFSET   LOG-END-OFFSET   LAG   CONSUMER-ID   HOST   CLIENT-ID
snuba-consumers   events    0           10               %LAG%            %LAG%  a-1           /10.0.0.1   a
snuba-consumers   outcomes  0           -                0                0     a-2           /10.0.0.1   a

Consumer group 'old' has no active members.

GROUP  TOPIC   PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG      CONSUMER-ID  HOST  CLIENT-ID
old    events  0          1               9000000         8999999  -            -     -
`

func TestLag(t *testing.T) {
	for lag, want := range map[string]string{"20": "1 groups, 20 messages wait", "5000": "!consumers do not keep up: snuba-consumers (5000 messages)"} {
		s := &sentry{groups: strings.ReplaceAll(groups, "%LAG%", lag)}
		said, err := health.Lag{Commands: s, Limit: 300 * time.Millisecond}.Prove(t.Context())
		if text, fails := strings.CutPrefix(want, "!"); !fails && (said != want || err != nil) || fails && (err == nil || err.Error() != text) {
			t.Errorf("lag %s: got %q, %v; want %q", lag, said, err, want)
		}
	}
	if _, err := (health.Lag{Commands: &sentry{}, Limit: 100 * time.Millisecond}).Prove(t.Context()); err == nil {
		t.Error("no consumer at all is taken for well")
	}
}
