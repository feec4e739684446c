package relay

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sentryctl/sentryctl/lab/standin/bus"
	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

// relay takes events and forwards them.
type relay struct {
	proc  *proc.Proc
	spool *spool
	keys  interface {
		project(ctx context.Context, key string) (int64, error)
	}
	send func(context.Context, ...bus.Record) error
}

func (r *relay) handler(ready *atomic.Bool) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/relay/healthcheck/live/", health(func() bool { return true }))
	mux.HandleFunc("GET /api/relay/healthcheck/ready/", health(ready.Load))
	mux.HandleFunc("GET /api/0/relays/live/", health(ready.Load))
	mux.HandleFunc("POST /api/store/{$}", r.accept)
	mux.HandleFunc("POST /api/{project}/store/{$}", r.accept)
	mux.HandleFunc("POST /api/{project}/envelope/{$}", r.accept)
	mux.HandleFunc("POST /api/{project}/security/{$}", r.accept)
	return cors(mux)
}

func health(ok func() bool) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close")
		w.Header().Set("Content-Type", "application/json")
		if !ok() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		fmt.Fprintf(w, `{"is_healthy":%t}`, ok())
	}
}

// cors lets pages of any site send events, as relay does.
func cors(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Access-Control-Expose-Headers", "x-sentry-error, x-sentry-rate-limits, retry-after")
		if r.Method == http.MethodOptions {
			w.Header().Set("Access-Control-Allow-Headers", "x-sentry-auth, x-requested-with, content-type, content-encoding, authorization")
			w.Header().Set("Access-Control-Allow-Methods", "POST")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// accept answers 200 once every item of the request is on disk.
func (r *relay) accept(w http.ResponseWriter, req *http.Request) {
	body, err := readBody(req)
	if err != nil {
		refuse(w, http.StatusBadRequest, "failed to read request body: "+err.Error())
		return
	}
	var in parsed
	if strings.HasSuffix(req.URL.Path, "/envelope/") {
		in, err = parseEnvelope(body)
	} else {
		in, err = parseEvent(body)
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	if key := keyOf(req); key != "" {
		in.key = key
	}
	project, status, why := r.admit(req, in)
	if status != http.StatusOK {
		refuse(w, status, why)
		return
	}
	for _, it := range in.items {
		it.Key, it.ProjectID = in.key, project
		it.StartTime = float64(time.Now().UnixMicro()) / 1e6
		if err := r.spool.add(it); err != nil {
			r.proc.Logf("%v", err)
			refuse(w, http.StatusServiceUnavailable, "failed to queue envelope")
			return
		}
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]string{"id": in.eventID}) //nolint:errcheck // the client went away
}

// admit checks the key. While web cannot be asked, an event that names its
// project is taken on trust and checked before it goes on.
func (r *relay) admit(req *http.Request, in parsed) (project int64, status int, why string) {
	if in.key == "" {
		return 0, http.StatusUnauthorized, "bad sentry DSN public key"
	}
	if p := req.PathValue("project"); p != "" {
		n, err := strconv.ParseInt(p, 10, 64)
		if err != nil || n < 1 {
			return 0, http.StatusBadRequest, "invalid path parameter: project_id"
		}
		project = n
	}
	ctx, cancel := context.WithTimeout(req.Context(), admitTimeout)
	defer cancel()
	owner, err := r.keys.project(ctx, in.key)
	switch {
	case err != nil && project == 0:
		return 0, http.StatusServiceUnavailable, "project is not known yet"
	case err != nil:
		return project, http.StatusOK, ""
	case owner == 0 || project != 0 && owner != project:
		return 0, http.StatusForbidden, "event submission rejected with_reason: ProjectId"
	}
	return owner, http.StatusOK, ""
}

const admitTimeout = 2 * time.Second

func refuse(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Sentry-Error", strings.ReplaceAll(detail, "\n", " "))
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]string{"detail": detail}) //nolint:errcheck // the client went away
}

func newEventID() string {
	var b [16]byte
	rand.Read(b[:]) //nolint:errcheck // never returns an error
	return hex.EncodeToString(b[:])
}
