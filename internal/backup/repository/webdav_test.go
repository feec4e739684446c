package repository_test

import (
	"crypto/subtle"
	"net/http"
	"testing"

	"golang.org/x/net/webdav"

	"github.com/sentryctl/sentryctl/internal/backup/repository"
)

const davPassword = "dav-secret"

// davServer serves a directory over WebDAV to one user.
func davServer(t *testing.T, g *gate) (addr string) {
	t.Helper()
	h := &webdav.Handler{FileSystem: webdav.Dir(t.TempDir()), LockSystem: webdav.NewMemLS()}
	l := g.listen(t)
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if user != "me" || subtle.ConstantTimeCompare([]byte(password), []byte(davPassword)) != 1 {
			w.Header().Set("WWW-Authenticate", `Basic realm="dav"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		h.ServeHTTP(w, r)
	})}
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
	return l.Addr().String()
}

func webdavPlace(t *testing.T) target {
	g := &gate{}
	a := access(t, "webdav://me@"+davServer(t, g)+"/")
	a.Credentials = repository.Credentials{"SENTRYCTL_WEBDAV_PASSWORD": davPassword}
	return target{access: a, gate: g, wrong: repository.Credentials{"SENTRYCTL_WEBDAV_PASSWORD": "other-secret"}}
}
