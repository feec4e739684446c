package relay

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

// upstream is web, which knows the projects. Answers are remembered, so that
// known keys work while it is away.
type upstream struct {
	base  string
	id    identity
	http  *http.Client
	ready atomic.Bool // web has accepted this relay once
	mu    sync.Mutex
	known map[string]answer
}

type answer struct {
	project int64 // 0: nobody has the key
	until   time.Time
}

const (
	keepKnown   = 5 * time.Minute
	keepUnknown = 5 * time.Second
)

func newUpstream(base string, id identity) *upstream {
	return &upstream{base: base, id: id, http: direct(), known: map[string]answer{}}
}

// register makes this relay known to web; it tries until that succeeds.
func (u *upstream) register(ctx context.Context, p *proc.Proc) {
	err := proc.Retry(ctx, p, "upstream", func(ctx context.Context) error {
		hello := map[string]string{"relay_id": u.id.ID, "public_key": u.id.PublicKey}
		var challenge struct{ Token string }
		if err := u.post(ctx, "/api/0/relays/register/challenge/", hello, &challenge); err != nil {
			return err
		}
		hello["token"] = challenge.Token
		return u.post(ctx, "/api/0/relays/register/response/", hello, nil)
	})
	if err == nil {
		u.ready.Store(true)
		p.Logf("registered with %s", u.base)
	}
}

// project returns the project of a key, 0 when nobody has it, and an error
// when that cannot be known now and was not known before.
func (u *upstream) project(ctx context.Context, key string) (int64, error) {
	u.mu.Lock()
	a, seen := u.known[key]
	u.mu.Unlock()
	if seen && time.Now().Before(a.until) {
		return a.project, nil
	}
	var got struct {
		Configs map[string]*struct {
			ProjectID int64 `json:"projectId"`
		} `json:"configs"`
	}
	err := u.post(ctx, "/api/0/relays/projectconfigs/?version=3", map[string]any{"publicKeys": []string{key}}, &got)
	if err != nil {
		if seen && a.project != 0 {
			return a.project, nil
		}
		return 0, err
	}
	a = answer{until: time.Now().Add(keepUnknown)}
	if c := got.Configs[key]; c != nil {
		a = answer{project: c.ProjectID, until: time.Now().Add(keepKnown)}
	}
	u.mu.Lock()
	u.known[key] = a
	u.mu.Unlock()
	return a.project, nil
}

func (u *upstream) post(ctx context.Context, path string, body, into any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.base+path, bytes.NewReader(data))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Sentry-Relay-Id", u.id.ID)
	resp, err := u.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	data, err = io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", path, resp.Status)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(data, into)
}
