package health

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

func TestUnionCountsNoMomentTwice(t *testing.T) {
	at := func(ms int) time.Time { return time.UnixMilli(int64(ms)) }
	cases := []struct {
		name  string
		spans []span
		want  time.Duration
	}{
		{"none", nil, 0},
		{"one", []span{{at(0), at(100)}}, 100 * time.Millisecond},
		{"overlap, out of order", []span{{at(250), at(2000)}, {at(0), at(2000)}}, 2 * time.Second},
		{"refused at once, again and again", []span{{at(0), at(1)}, {at(250), at(251)}, {at(500), at(501)}}, 501 * time.Millisecond},
		{"twice", []span{{at(0), at(1000)}, {at(5000), at(6000)}}, 2 * time.Second},
		{"one inside another", []span{{at(0), at(5000)}, {at(1000), at(2000)}}, 5 * time.Second},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := union(c.spans); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestWatchTellsTheDoorThatWasShut(t *testing.T) {
	var asked atomic.Int64
	enough := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/shut":
			w.WriteHeader(http.StatusBadGateway)
			if asked.Add(1) == 6 {
				close(enough)
			}
		case "/former":
			w.WriteHeader(http.StatusBadGateway)
		default:
			w.WriteHeader(http.StatusMethodNotAllowed)
		}
	}))
	defer srv.Close()
	w := Watch{Every: time.Millisecond, Doors: map[string]Door{"shut": {URL: srv.URL + "/shut", Failed: 500}, "open": {URL: srv.URL + "/open", Failed: 500},
		"moved": {URL: srv.URL + "/former", Moved: srv.URL + "/open", Failed: 500}}}
	if got := w.Answers(t.Context()); got["shut"] || !got["open"] || !got["moved"] {
		t.Errorf("answers: got %v", got)
	}
	stop := w.Start(t.Context())
	<-enough
	got := stop()
	if got["shut"] == 0 || got["open"] != 0 || got["moved"] != 0 {
		t.Errorf("got %v", got)
	}
}
