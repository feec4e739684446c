// Package health owns the question whether a site works: its containers, its
// front door, the way of an event from there into storage, its consumers. Each
// is asked with a limit of its own. It changes nothing but that it sends one event.
package health

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"golang.org/x/net/html"

	"github.com/sentryctl/sentryctl/internal/fault"
)

// FrontDoor is the way in: nginx at its published port. The requests are those
// of a browser that was led here by URL, whatever proxy stands in between.
type FrontDoor struct {
	Address string        // "127.0.0.1:9000", where nginx is published
	URL     *url.URL      // what a browser has in its address bar; nil: Address
	Limit   time.Duration // for Prove; 0 means 2 minutes
	Client  *http.Client  // nil: one with a timeout of 10 s that follows no redirect
	AtOnce  bool          // do not wait where nobody listens: only a person brings nginx back
}

const (
	healthPath = "/_health/"
	loginPath  = "/auth/login/sentry/"
	bodyLimit  = 1 << 20
)

// Prove asks until the front door answers. It gives up after Limit with an
// error that says what was wrong last.
func (f FrontDoor) Prove(ctx context.Context) error {
	limit := f.Limit
	if limit == 0 {
		limit = 2 * time.Minute
	}
	return until(ctx, limit, f.Answers)
}

// Check is the check of the front door.
func (f FrontDoor) Check() Check {
	return Check{ID: "front-door", Title: "The front door answers", Ask: func(ctx context.Context) (string, error) {
		if err := f.Prove(ctx); err != nil {
			return "", err
		}
		return "http://" + f.Address + " answers", nil
	}}
}

// Answers asks once: health, the login page and, where that page names one,
// an asset. The error says which of them failed.
func (f FrontDoor) Answers(ctx context.Context) error {
	if _, err := f.get(ctx, healthPath); err != nil {
		return f.closed(healthPath, err)
	}
	page, err := f.get(ctx, loginPath)
	if err != nil {
		return f.closed(loginPath, err)
	}
	asset, isPage := firstAsset(page)
	if !isPage {
		return f.closed(loginPath, errors.New("the answer is no login page"))
	}
	if asset == "" {
		return nil
	}
	if _, err := f.get(ctx, asset); err != nil {
		return f.closed(asset, err)
	}
	return nil
}

func (f FrontDoor) closed(path string, err error) error {
	err = fault.New(fault.Resumable, "Look at what they say: docker compose logs --tail 50 nginx web",
		"the front door http://%s%s does not answer as it should: %w", f.Address, path, err)
	if f.AtOnce && shut(err) {
		return lasting{err}
	}
	return err
}

// shut tells that nobody listens at the door.
func shut(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

func (f FrontDoor) get(ctx context.Context, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+f.Address+path, nil)
	if err != nil {
		return nil, err
	}
	if f.URL != nil {
		req.Host = f.URL.Host
		req.Header.Set("X-Forwarded-Proto", f.URL.Scheme)
	}
	res, err := f.client().Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // the caller names the URL
		}
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, bodyLimit))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %s", res.Status)
	}
	return body, nil
}

func (f FrontDoor) client() *http.Client {
	if f.Client != nil {
		return f.Client
	}
	return &http.Client{
		Timeout:       10 * time.Second,
		Transport:     &http.Transport{Proxy: nil, DisableKeepAlives: true}, // our own host is no matter for a proxy
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// firstAsset returns the first script or style sheet of this site that a page
// names, as a path. A page has at least a form or a script.
func firstAsset(page []byte) (path string, isPage bool) {
	z := html.NewTokenizer(bytes.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return path, isPage
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			isPage = isPage || t.Data == "form" || t.Data == "script"
			if p := assetOf(t); p != "" && path == "" {
				path = p
			}
		}
	}
}

func assetOf(t html.Token) string {
	want := map[string]string{"script": "src", "link": "href"}[t.Data]
	for _, a := range t.Attr {
		if a.Key == want && strings.HasPrefix(a.Val, "/_static/") {
			return a.Val
		}
	}
	return ""
}
