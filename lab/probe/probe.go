// Package probe sends an event through a site's front door, as an SDK would,
// and looks for it where Sentry keeps events. It knows the site by its compose
// project and reads what it needs through docker exec.
package probe

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/sentryctl/sentryctl/lab/engine"
)

// Probe is one site.
type Probe struct {
	Docker  engine.Docker
	Project string // of compose
	URL     string // of the front door
}

// Found tells where an event was found.
type Found struct {
	ID        string        `json:"id"`
	ProjectID string        `json:"project_id"`
	After     time.Duration `json:"after"`
}

const patience = time.Minute

// Event posts one event and waits, for a minute at most, until it is stored.
func (p Probe) Event(ctx context.Context) (Found, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	key, project, err := p.Key(ctx)
	if err != nil {
		return Found{}, err
	}
	began := time.Now()
	id, err := p.Post(ctx, key, project)
	if err != nil {
		return Found{}, err
	}
	if err := p.Find(ctx, project, id); err != nil {
		return Found{}, err
	}
	return Found{ID: id, ProjectID: project, After: time.Since(began)}, nil
}

// Key reads the public key of the first project, which every install makes.
func (p Probe) Key(ctx context.Context) (key, project string, err error) {
	const query = "SELECT public_key, project_id FROM sentry_projectkey WHERE status = 0 ORDER BY project_id, id LIMIT 1"
	out, err := p.exec(ctx, "postgres", "psql", "-U", "postgres", "-qAtX", "-c", query)
	if err != nil {
		return "", "", fmt.Errorf("read the project key: %w", err)
	}
	key, project, ok := strings.Cut(out, "|")
	if !ok {
		return "", "", errors.New("read the project key: there is none; was the database migrated?")
	}
	return key, project, nil
}

// Post sends an event and returns its ID once the front door has taken it.
// The door may just have been opened: a refused connection or a 5xx is tried
// again until ctx ends.
func (p Probe) Post(ctx context.Context, key, project string) (string, error) {
	random := make([]byte, 16)
	rand.Read(random) //nolint:errcheck // never fails
	id := hex.EncodeToString(random)
	return id, until(ctx, func(ctx context.Context) error { return p.Send(ctx, key, project, id) })
}

// Send sends an event of this ID once.
func (p Probe) Send(ctx context.Context, key, project, id string) error {
	event, err := json.Marshal(map[string]string{"event_id": id, "platform": "other", "level": "error", "message": "sent by the lab"})
	if err != nil {
		return fmt.Errorf("make an event: %w", err)
	}
	url := strings.TrimSuffix(p.URL, "/") + "/api/" + project + "/store/"
	if err := post(ctx, url, key, event); err != nil {
		return fmt.Errorf("post an event to %s: %w", url, err)
	}
	return nil
}

func post(ctx context.Context, url, key string, event []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(event))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Sentry-Auth", "Sentry sentry_version=7, sentry_client=lab/1, sentry_key="+key)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1000))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("HTTP %s: %s", resp.Status, bytes.TrimSpace(body))
	}
	return nil
}

// Find waits until ClickHouse has the event.
func (p Probe) Find(ctx context.Context, project, id string) error {
	query := fmt.Sprintf("SELECT count() FROM default.errors_local WHERE project_id = %s AND event_id = '%s'", project, id)
	err := until(ctx, func(ctx context.Context) error {
		out, err := p.exec(ctx, "clickhouse", "clickhouse-client", "-q", query)
		if err != nil {
			return err
		}
		if out == "0" {
			return errors.New("it is not there")
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("find event %s in ClickHouse: %w", id, err)
	}
	return nil
}

func (p Probe) exec(ctx context.Context, service string, command ...string) (string, error) {
	id, err := p.Docker.Output(ctx, "ps", "-q", "--filter", "label=com.docker.compose.project="+p.Project,
		"--filter", "label=com.docker.compose.service="+service, "--filter", "label=com.docker.compose.oneoff=False")
	if err != nil {
		return "", err
	}
	if id == "" {
		return "", fmt.Errorf("project %s runs no %s", p.Project, service)
	}
	return p.Docker.Output(ctx, append([]string{"exec", id}, command...)...)
}

// until repeats try until it works; then, or at the end of ctx, it returns
// what the last try came to.
func until(ctx context.Context, try func(context.Context) error) error {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	var last error
	for {
		err := try(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() == nil || last == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("gave up: %w", last)
		case <-tick.C:
		}
	}
}
