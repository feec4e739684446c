// Package trial owns what is tried out before a site exists: that an address
// leads to this host, and that a mail server takes a message. It changes
// nothing and keeps nothing.
package trial

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// limit is how long an attempt may take.
const limit = 8 * time.Second

// Reach listens on bind (PORT or IP:PORT) for a moment and asks for a page
// under address, as a browser would. An error says what came in its place.
func Reach(ctx context.Context, address, bind string) error {
	return reach(ctx, address, bind, &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}})
}

func reach(ctx context.Context, address, bind string, by http.RoundTripper) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if !strings.Contains(bind, ":") {
		bind = ":" + bind
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", bind)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", bind, err)
	}
	word := rand.Text()
	server := &http.Server{ReadHeaderTimeout: limit, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, word)
	})}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	return askFor(ctx, strings.TrimSuffix(address, "/")+"/_health/", word, by)
}

// askFor wants the word from an address.
func askFor(ctx context.Context, address, word string, by http.RoundTripper) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("ask for %s: %w", address, err)
	}
	client := &http.Client{Transport: by, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		return plainly(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<10))
	switch {
	case err != nil:
		return fmt.Errorf("read the answer: %w", err)
	case string(body) == word:
		return nil
	case res.StatusCode == http.StatusOK:
		return errors.New("another server answers there")
	default:
		return fmt.Errorf("another server answers there: %s", res.Status)
	}
}

// plainly drops what the admin typed from an error.
func plainly(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		if e.Timeout() {
			return errors.New("nothing answered in time")
		}
		return e.Err
	}
	return err
}
