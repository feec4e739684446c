package web

import (
	"html/template"
	"net/http"

	"github.com/sentryctl/sentryctl/lab/standin/sentry/db"
)

const loginPath = "/auth/login/sentry/"

// loginTemplate is parsed for each page: a page is rare, memory is not.
const loginTemplate = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Login | Sentry</title>
<link rel="stylesheet" href="/_static/dist/sentry/entrypoints/sentry.css"></head>
<body><h1>Sign in</h1>{{with .Error}}<p class="error">{{.}}</p>{{end}}
<form method="post" action="{{.Action}}">
<input type="hidden" name="csrfmiddlewaretoken" value="{{.CSRF}}"><input type="hidden" name="op" value="login">
<input name="username" type="text" placeholder="username or email" required><input name="password" type="password" required>
<button type="submit">Sign In</button></form></body></html>
`

const appTemplate = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Sentry</title>
<script src="/_static/dist/sentry/entrypoints/app.js" defer></script></head>
<body><div id="blk_router">Signed in as {{.}}</div></body></html>
`

type loginForm struct{ Action, CSRF, Error string }

func (s *Server) loginPage(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/auth/login/" {
		http.Redirect(w, r, loginPath, http.StatusFound)
		return
	}
	s.showLogin(w, r, "")
}

func (s *Server) showLogin(w http.ResponseWriter, r *http.Request, problem string) {
	token := ""
	if c, err := r.Cookie(csrfCookie); err == nil {
		token = c.Value
	} else {
		token = db.NewKey()
		http.SetCookie(w, &http.Cookie{Name: csrfCookie, Value: token, Path: "/", SameSite: http.SameSiteLaxMode})
	}
	page(w, loginTemplate, loginForm{Action: r.URL.Path, CSRF: token, Error: problem})
}

func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	c, err := r.Cookie(csrfCookie)
	if err != nil || c.Value == "" || c.Value != r.PostFormValue("csrfmiddlewaretoken") {
		http.Error(w, "CSRF Validation Failed", http.StatusForbidden)
		return
	}
	u, err := s.DB.Login(r.Context(), r.PostFormValue("username"), r.PostFormValue("password"))
	switch {
	case db.IsMissing(err):
		s.showLogin(w, r, "Please enter a correct username and password.")
	case err != nil:
		s.Proc.Logf("login: %v", err)
		http.Error(w, "Internal Server Error", http.StatusInternalServerError)
	default:
		s.startSession(w, u)
		http.Redirect(w, r, "/organizations/sentry/issues/", http.StatusFound)
	}
}

func (s *Server) logout(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Path: "/", MaxAge: -1})
	http.Redirect(w, r, loginPath, http.StatusFound)
}

// app is every other page: the front end for users, the login for strangers.
func (s *Server) app(w http.ResponseWriter, r *http.Request) {
	u, ok := s.user(r)
	if !ok {
		http.Redirect(w, r, loginPath, http.StatusFound)
		return
	}
	page(w, appTemplate, u.Email)
}

func page(w http.ResponseWriter, source string, data any) {
	t, err := template.New("page").Parse(source)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	t.Execute(w, data) //nolint:errcheck // the client went away
}
