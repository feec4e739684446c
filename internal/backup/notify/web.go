package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Webhook gets the notice as JSON by POST. Its "text" is what chat services
// show.
type Webhook struct {
	Address `yaml:",inline"`
	On      When `yaml:"on"`
}

// Name says what it is.
func (w Webhook) Name() string { return "web hook" }
func (w Webhook) when() When   { return w.On }

func (w Webhook) send(ctx context.Context, n Notice) error {
	to, err := w.read()
	if err != nil {
		return err
	}
	body, err := json.Marshal(n)
	if err != nil {
		return err
	}
	return post(ctx, to, "application/json", body)
}

// Ping is the form of healthchecks: the address after success, /start before a
// run, /fail after a failure, with the text as the body.
type Ping struct {
	Address `yaml:",inline"`
	On      When `yaml:"on"`
}

// Name says what it is.
func (p Ping) Name() string { return "ping" }
func (p Ping) when() When   { return p.On }

func (p Ping) start(ctx context.Context) error { return p.post(ctx, "start", "") }

func (p Ping) send(ctx context.Context, n Notice) error {
	if n.OK {
		return p.post(ctx, "", n.Body())
	}
	return p.post(ctx, "fail", n.Body())
}

func (p Ping) post(ctx context.Context, what, body string) error {
	raw, err := p.read()
	if err != nil {
		return err
	}
	to, err := url.Parse(raw)
	if err != nil {
		return errors.New("its url is no address")
	}
	if what != "" {
		to = to.JoinPath(what)
	}
	return post(ctx, to.String(), "text/plain; charset=utf-8", []byte(body))
}

// post sends and keeps the address out of the error.
func post(ctx context.Context, to, kind string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return errors.New("its url is no address")
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("User-Agent", "sentryctl")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		var inner *url.Error
		if errors.As(err, &inner) {
			err = inner.Err
		}
		return errors.New(strings.ReplaceAll(err.Error(), to, "(address)"))
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // so that the connection can be used again
	if res.StatusCode >= 300 {
		return fmt.Errorf("the other side answers %s", res.Status)
	}
	return nil
}
