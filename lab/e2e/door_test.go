package e2e

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/sentryctl/sentryctl/lab/labtest"
)

// findEvent posts an event and finds it in storage.
func findEvent(t *testing.T, s *labtest.Site) {
	t.Helper()
	if _, err := s.Probe().Event(t.Context()); err != nil {
		t.Errorf("an event did not get through: %v", err)
	}
}

var csrfField = regexp.MustCompile(`name="csrfmiddlewaretoken" value="([^"]+)"`)

// logIn signs in on the login page as a browser does, with the password that
// the install left in a file, and returns the page that follows.
func logIn(t *testing.T, door string, email, passwordFile string) string {
	t.Helper()
	password, err := os.ReadFile(passwordFile)
	if err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, Timeout: patience}
	login := door + "/auth/login/sentry/"
	page := read(t)(browser.Get(login))
	token := csrfField.FindStringSubmatch(page)
	if token == nil {
		t.Fatalf("the login page has no form:\n%s", page)
	}
	return read(t)(browser.PostForm(login, url.Values{
		"op": {"login"}, "username": {email}, "password": {strings.TrimSpace(string(password))}, "csrfmiddlewaretoken": {token[1]},
	}))
}

// read takes the body of a response that must be fine.
func read(t *testing.T) func(*http.Response, error) string {
	return func(resp *http.Response, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: got %s and %v\n%s", resp.Request.URL, resp.Status, err, body)
		}
		return string(body)
	}
}
