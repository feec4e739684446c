package web

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/sentryctl/sentryctl/lab/standin/sentry/db"
)

func (s *Server) index(w http.ResponseWriter, r *http.Request) {
	body := map[string]any{"version": "0", "auth": nil, "user": nil}
	if u, ok := s.user(r); ok {
		body["user"] = userJSON(u)
	}
	answer(w, http.StatusOK, body)
}

func userJSON(u db.User) map[string]any {
	return map[string]any{"id": strconv.FormatInt(u.ID, 10), "username": u.Email, "email": u.Email, "isSuperuser": u.Superuser, "isActive": true}
}

func (s *Server) me(w http.ResponseWriter, r *http.Request) {
	u, _ := s.user(r)
	answer(w, http.StatusOK, userJSON(u))
}

func (s *Server) organizations(w http.ResponseWriter, r *http.Request) {
	orgs, err := s.DB.Organizations(r.Context())
	if err != nil {
		s.broken(w, err)
		return
	}
	list := []map[string]any{}
	for _, o := range orgs {
		list = append(list, map[string]any{"id": strconv.FormatInt(o.ID, 10), "slug": o.Slug, "name": o.Name, "dateCreated": o.Added})
	}
	answer(w, http.StatusOK, list)
}

func (s *Server) projects(w http.ResponseWriter, r *http.Request) {
	projects, err := s.DB.Projects(r.Context(), r.PathValue("org"))
	if err != nil {
		s.broken(w, err)
		return
	}
	list := []map[string]any{}
	for _, p := range projects {
		list = append(list, projectJSON(p))
	}
	answer(w, http.StatusOK, list)
}

func projectJSON(p db.Project) map[string]any {
	return map[string]any{
		"id": strconv.FormatInt(p.ID, 10), "slug": p.Slug, "name": p.Name, "dateCreated": p.Added, "status": "active",
		"organization": map[string]string{"id": strconv.FormatInt(p.Organization, 10), "slug": p.OrgSlug},
	}
}

func (s *Server) project(w http.ResponseWriter, r *http.Request) {
	if p, ok := s.findProject(w, r); ok {
		answer(w, http.StatusOK, projectJSON(p))
	}
}

// findProject answers for itself when there is none.
func (s *Server) findProject(w http.ResponseWriter, r *http.Request) (db.Project, bool) {
	p, err := s.DB.Project(r.Context(), r.PathValue("org"), r.PathValue("project"))
	if err != nil {
		s.broken(w, err)
	}
	return p, err == nil
}

func (s *Server) keys(w http.ResponseWriter, r *http.Request) {
	p, ok := s.findProject(w, r)
	if !ok {
		return
	}
	keys, err := s.DB.Keys(r.Context(), p.ID)
	if err != nil {
		s.broken(w, err)
		return
	}
	list := []map[string]any{}
	for _, k := range keys {
		public := s.dsn(r, k.Public, p.ID)
		list = append(list, map[string]any{"id": k.Public, "label": k.Label, "public": k.Public, "secret": k.Secret, "projectId": p.ID,
			"isActive": true, "dsn": map[string]string{"public": public}})
	}
	answer(w, http.StatusOK, list)
}

// dsn is built on the URL prefix or, without one, on how the client came.
func (s *Server) dsn(r *http.Request, key string, project int64) string {
	base := s.Settings.URLPrefix
	if base == "" {
		base = "http://" + r.Host
	}
	scheme, host, _ := strings.Cut(base, "://")
	return scheme + "://" + key + "@" + host + "/" + strconv.FormatInt(project, 10)
}

// broken answers for an error of a store.
func (s *Server) broken(w http.ResponseWriter, err error) {
	if errors.Is(err, db.ErrNotFound) {
		fail(w, http.StatusNotFound, "The requested resource does not exist")
		return
	}
	s.Proc.Logf("api: %v", err)
	fail(w, http.StatusServiceUnavailable, "Internal Error")
}
