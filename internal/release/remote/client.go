// Package remote owns downloads over HTTPS: releases, and the few small files
// that an install fetches. It knows nothing of what it downloads.
package remote

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/release"
)

// How long a server may be silent. A download as a whole may take as long as
// it needs.
const (
	connectTimeout = 10 * time.Second
	answerTimeout  = 30 * time.Second
	idleTimeout    = 60 * time.Second
)

// Client downloads. It takes its proxy from HTTPS_PROXY, HTTP_PROXY and
// NO_PROXY.
type Client struct {
	http *http.Client
	idle time.Duration
}

var _ release.Getter = (*Client)(nil)

// New returns a client for the public internet.
func New() *Client {
	return with(&http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: connectTimeout}).DialContext,
		TLSHandshakeTimeout:   connectTimeout,
		ResponseHeaderTimeout: answerTimeout,
		IdleConnTimeout:       idleTimeout,
		ForceAttemptHTTP2:     true,
	}, idleTimeout)
}

func with(t http.RoundTripper, idle time.Duration) *Client {
	return &Client{idle: idle, http: &http.Client{Transport: t, CheckRedirect: redirect}}
}

// Get opens what stands behind an https URL; plain http is taken from this
// machine only. Size is -1 when the server does not say. A server that falls
// silent for a minute ends the download.
func (c *Client) Get(ctx context.Context, address string) (io.ReadCloser, int64, error) {
	u, err := check(address)
	if err != nil {
		return nil, 0, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		cancel(nil)
		return nil, 0, fault.New(fault.Usage, "Give a URL such as "+exampleURL, "%q is not a URL", release.Shown(address))
	}
	req.Header.Set("User-Agent", "sentryctl")
	res, err := c.http.Do(req)
	if err != nil {
		cancel(nil)
		return nil, 0, explain(u, err)
	}
	if res.StatusCode != http.StatusOK {
		res.Body.Close()
		cancel(nil)
		return nil, 0, refused(u, res.StatusCode)
	}
	return newWatched(res.Body, c.idle, cancel), res.ContentLength, nil
}

// Download returns what stands behind an https URL, and an Integrity fault
// when that is more than limit bytes.
func (c *Client) Download(ctx context.Context, address string, limit int64) ([]byte, error) {
	body, size, err := c.Get(ctx, address)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, limit+1))
	if err != nil {
		return nil, fault.New(fault.Other, "Run the same command again", "download %s: %w", release.Shown(address), err)
	}
	if int64(len(data)) > limit {
		return nil, fault.New(fault.Integrity, "Check that the URL is the one that you mean: curl -sIL "+release.Shown(address),
			"download %s: more than %d bytes", release.Shown(address), limit)
	}
	if size >= 0 && int64(len(data)) != size {
		return nil, fault.New(fault.Integrity, "Run the same command again", "download %s: got %d of %d bytes", release.Shown(address), len(data), size)
	}
	return data, nil
}

const exampleURL = "https://github.com/getsentry/self-hosted/archive/refs/tags/25.10.0.tar.gz"

func check(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return nil, fault.New(fault.Usage, "Give a URL such as "+exampleURL, "%q is not a URL", release.Shown(address))
	}
	if !private(u) {
		return nil, fault.New(fault.Usage, "Use https, or download the file by hand and name it instead", "%s is not an https URL", release.Shown(address))
	}
	return u, nil
}

// private tells whether nobody between here and the server can change what is
// sent.
func private(u *url.URL) bool {
	host := u.Hostname()
	ip := net.ParseIP(host)
	return u.Scheme == "https" || u.Scheme == "http" && (host == "localhost" || ip != nil && ip.IsLoopback())
}

func redirect(req *http.Request, via []*http.Request) error {
	if len(via) >= 10 {
		return fmt.Errorf("more than %d redirects", len(via))
	}
	if !private(req.URL) {
		return fmt.Errorf("redirect to %s, which is not https", release.Shown(req.URL.String()))
	}
	return nil
}
