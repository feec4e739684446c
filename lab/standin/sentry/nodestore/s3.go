package nodestore

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/sentryctl/sentryctl/lab/standin/sentry/conf"
)

// client puts and gets objects of one bucket.
type client struct {
	conf conf.S3
	http *http.Client
	now  func() time.Time
}

const requestTimeout = 10 * time.Second

func newClient(c conf.S3) *client {
	return &client{conf: c, http: &http.Client{Timeout: requestTimeout}, now: time.Now}
}

func (c *client) put(ctx context.Context, object string, body []byte) error {
	resp, err := c.do(ctx, http.MethodPut, object, body)
	if err != nil {
		return fmt.Errorf("put object: %w", err)
	}
	defer drain(resp)
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("put object %s/%s: %s", c.conf.Bucket, object, resp.Status)
	}
	return nil
}

func (c *client) get(ctx context.Context, object string) ([]byte, error) {
	resp, err := c.do(ctx, http.MethodGet, object, nil)
	if err != nil {
		return nil, fmt.Errorf("get object: %w", err)
	}
	defer drain(resp)
	switch {
	case resp.StatusCode == http.StatusNotFound:
		return nil, ErrNotFound
	case resp.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("get object %s/%s: %s", c.conf.Bucket, object, resp.Status)
	}
	return io.ReadAll(resp.Body)
}

func (c *client) do(ctx context.Context, method, object string, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.conf.Endpoint+"/"+c.conf.Bucket+"/"+object, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	sign(req, body, c.conf, c.now().UTC())
	return c.http.Do(req)
}

func drain(resp *http.Response) {
	io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20)) //nolint:errcheck // only to reuse the connection
	resp.Body.Close()
}
