// Package web is the stand-in's front end: health, the login page, and the
// part of the API that an installer or its tests ask, with relay's project
// configurations. What it shows comes from PostgreSQL, Snuba and the
// nodestore.
package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
	"github.com/sentryctl/sentryctl/lab/standin/sentry/conf"
	"github.com/sentryctl/sentryctl/lab/standin/sentry/db"
	"github.com/sentryctl/sentryctl/lab/standin/sentry/nodestore"
)

// Server answers for Sentry's web.
type Server struct {
	Proc      *proc.Proc
	Settings  conf.Settings
	DB        *db.DB
	Nodes     *nodestore.Store
	Unhealthy bool // answer 500 to health checks
}

// Handler returns the routes.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /_health/", s.health)
	mux.HandleFunc("GET /_static/", static)
	mux.HandleFunc("GET /favicon.ico", static)
	mux.HandleFunc("GET /auth/login/", s.loginPage)
	mux.HandleFunc("POST /auth/login/", s.login)
	mux.HandleFunc("/auth/logout/", s.logout)
	mux.HandleFunc("/", s.app)

	mux.HandleFunc("GET /api/0/{$}", s.index)
	mux.HandleFunc("GET /api/0/internal/health/{$}", s.internalHealth)
	mux.HandleFunc("GET /api/0/users/me/{$}", s.signedIn(s.me))
	mux.HandleFunc("GET /api/0/organizations/{$}", s.signedIn(s.organizations))
	mux.HandleFunc("GET /api/0/projects/{$}", s.signedIn(s.projects))
	mux.HandleFunc("GET /api/0/organizations/{org}/projects/{$}", s.signedIn(s.projects))
	mux.HandleFunc("GET /api/0/projects/{org}/{project}/{$}", s.signedIn(s.project))
	mux.HandleFunc("GET /api/0/projects/{org}/{project}/keys/{$}", s.signedIn(s.keys))
	mux.HandleFunc("GET /api/0/projects/{org}/{project}/events/{event}/{$}", s.signedIn(s.event))
	mux.HandleFunc("GET /api/0/relays/live/{$}", s.relayLive)
	mux.HandleFunc("POST /api/0/relays/register/challenge/{$}", s.relayChallenge)
	mux.HandleFunc("POST /api/0/relays/register/response/{$}", s.relayResponse)
	mux.HandleFunc("POST /api/0/relays/projectconfigs/{$}", s.relayConfigs)
	mux.HandleFunc("/api/", func(w http.ResponseWriter, _ *http.Request) {
		fail(w, http.StatusNotFound, "The requested resource does not exist")
	})
	return mux
}

// health is what load balancers and Docker ask; it touches no store.
func (s *Server) health(w http.ResponseWriter, r *http.Request) {
	switch {
	case s.Unhealthy:
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprint(w, "error")
	case r.URL.Query().Has("full"):
		s.fullHealth(w, r)
	default:
		proc.Healthy("ok")(w, r)
	}
}

func (s *Server) fullHealth(w http.ResponseWriter, r *http.Request) {
	problems := []map[string]string{}
	if err := s.DB.Ping(r.Context()); err != nil {
		problems = append(problems, map[string]string{"id": "database", "severity": "critical", "message": "The database does not answer."})
	}
	status := http.StatusOK
	if len(problems) > 0 {
		status = http.StatusInternalServerError
	}
	w.Header().Set("Connection", "close")
	answer(w, status, map[string]any{"healthy": map[string]bool{"database": len(problems) == 0, "warnings": true}, "problems": problems})
}

func (s *Server) internalHealth(w http.ResponseWriter, r *http.Request) {
	answer(w, http.StatusOK, map[string]any{"healthy": map[string]bool{"database": s.DB.Ping(r.Context()) == nil}, "problems": []string{}})
}

// static stands for the front end's assets: the kind is right, the content
// is not worth more.
func static(w http.ResponseWriter, r *http.Request) {
	kinds := map[string]string{".js": "text/javascript", ".css": "text/css", ".ico": "image/x-icon", ".png": "image/png", ".svg": "image/svg+xml", ".json": "application/json"}
	i := strings.LastIndexByte(r.URL.Path, '.')
	if i < 0 || kinds[r.URL.Path[i:]] == "" {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", kinds[r.URL.Path[i:]])
	w.Header().Set("Cache-Control", "max-age=60, public")
	if ext := r.URL.Path[i:]; ext == ".js" || ext == ".css" {
		fmt.Fprintf(w, "/* %s */\n", strings.TrimPrefix(r.URL.Path, "/_static/"))
	}
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body) //nolint:errcheck // the client went away
}

func fail(w http.ResponseWriter, status int, detail string) {
	answer(w, status, map[string]string{"detail": detail})
}
