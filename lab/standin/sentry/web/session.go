package web

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/sentryctl/sentryctl/lab/standin/sentry/db"
)

const (
	sessionCookie = "sentrysid"
	csrfCookie    = "sc"
	sessionTime   = 14 * 24 * time.Hour
)

// seal signs a value with the secret key: a new key ends all sessions, as
// Sentry's does.
func (s *Server) seal(value string) string {
	m := hmac.New(sha256.New, []byte(s.Settings.SecretKey))
	m.Write([]byte(value))
	return value + ":" + base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

func (s *Server) unseal(sealed string) (string, bool) {
	i := strings.LastIndexByte(sealed, ':')
	if i < 0 || !hmac.Equal([]byte(s.seal(sealed[:i])), []byte(sealed)) {
		return "", false
	}
	return sealed[:i], true
}

func (s *Server) startSession(w http.ResponseWriter, u db.User) {
	until := time.Now().Add(sessionTime)
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Value: s.seal(fmt.Sprintf("%d.%d", u.ID, until.Unix())), Path: "/", HttpOnly: true, Expires: until})
}

// user returns who asks: a session, a Bearer token, or a Basic pair of
// e-mail and password.
func (s *Server) user(r *http.Request) (db.User, bool) {
	ctx := r.Context()
	if name, password, ok := r.BasicAuth(); ok {
		return found(s.DB.Login(ctx, name, password))
	}
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return found(s.DB.ByToken(ctx, token))
	}
	return s.sessionUser(ctx, r)
}

func (s *Server) sessionUser(ctx context.Context, r *http.Request) (db.User, bool) {
	c, err := r.Cookie(sessionCookie)
	if err != nil {
		return db.User{}, false
	}
	value, ok := s.unseal(c.Value)
	id, until, _ := strings.Cut(value, ".")
	n, err1 := strconv.ParseInt(id, 10, 64)
	end, err2 := strconv.ParseInt(until, 10, 64)
	if !ok || err1 != nil || err2 != nil || time.Now().Unix() > end {
		return db.User{}, false
	}
	return found(s.DB.ByID(ctx, n))
}

func found(u db.User, err error) (db.User, bool) { return u, err == nil }

// signedIn lets only users pass.
func (s *Server) signedIn(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if _, ok := s.user(r); !ok {
			w.Header().Set("WWW-Authenticate", `Basic realm="api"`)
			fail(w, http.StatusUnauthorized, "Authentication credentials were not provided.")
			return
		}
		h(w, r)
	}
}
