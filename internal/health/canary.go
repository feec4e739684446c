package health

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// Commands runs a command in the container of a service.
type Commands interface {
	Exec(ctx context.Context, service string, c workload.Exec) (workload.Result, error)
}

// Canary sends an event in through the front door and looks for it in storage.
// It sees what no container's state shows: events that are taken and lost.
type Canary struct {
	Door     FrontDoor
	Commands Commands
	Limit    time.Duration // 0 means 2 min
	Now      func() time.Time
}

// Check is the check with the canary.
func (c Canary) Check() Check {
	return Check{ID: "canary", Title: "An event that is sent is stored", Ask: c.Prove}
}

// Prove sends one event and waits until it is found.
func (c Canary) Prove(ctx context.Context) (string, error) {
	limit, began := cmp.Or(c.Limit, 2*time.Minute), time.Now()
	var k projectKey
	err := until(ctx, limit, func(ctx context.Context) (err error) {
		k, err = c.key(ctx)
		return err
	})
	if err != nil {
		return "", err
	}
	id := newEventID()
	err = until(ctx, limit-time.Since(began), func(ctx context.Context) error { return c.post(ctx, k, id) })
	if err != nil {
		return "", c.notTaken(err)
	}
	err = until(ctx, limit-time.Since(began), func(ctx context.Context) error { return c.find(ctx, k, id) })
	if err != nil {
		return "", fault.New(fault.Resumable, "Look at what they say: docker compose logs --tail 50 relay events-consumer snuba-errors-consumer snuba-consumer",
			"the canary event %s was taken but not stored: %w", id, err)
	}
	return "event " + id + " was stored", nil
}

func (c Canary) notTaken(err error) error {
	if shut(err) {
		return fault.New(fault.Resumable, "Start nginx, or look at what it says: docker compose logs --tail 50 nginx",
			"the canary event was not posted, as the front door http://%s is shut: nobody listens there", c.Door.Address)
	}
	return fault.New(fault.Resumable, "Look at what they say: docker compose logs --tail 50 nginx relay", "the canary event was not taken: %w", err)
}

// projectKey is the way into the internal project, which every install makes.
// Its public key is no secret: browsers send it.
type projectKey struct {
	public  string
	project int64
}

const keyQuery = `SELECT k.public_key, k.project_id FROM sentry_projectkey k JOIN sentry_project p ON p.id = k.project_id ` +
	`WHERE k.status = 0 AND p.status = 0 ORDER BY (p.slug = 'internal') DESC, p.id, k.id LIMIT 1`

func (c Canary) key(ctx context.Context) (projectKey, error) {
	out, err := c.run(ctx, "postgres", "psql", "-U", "postgres", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", keyQuery)
	if err != nil {
		return projectKey{}, fmt.Errorf("read a project's key: %w", err)
	}
	public, project, ok := strings.Cut(out, "|")
	n, numErr := strconv.ParseInt(project, 10, 64)
	if !ok || numErr != nil {
		return projectKey{}, fault.New(fault.Resumable, "Enable a key of the project internal in its settings", "no project has a key that is enabled")
	}
	return projectKey{public, n}, nil
}

func newEventID() string {
	id := make([]byte, 16)
	rand.Read(id) // never fails
	return hex.EncodeToString(id)
}

// post sends the event. All canaries make one issue, of level info.
func (c Canary) post(ctx context.Context, k projectKey, id string) error {
	event, err := json.Marshal(map[string]any{
		"event_id": id, "platform": "other", "level": "info", "logger": "sentryctl",
		"message": "sentryctl canary", "fingerprint": []string{"sentryctl-canary"},
	})
	if err != nil {
		return fmt.Errorf("make an event: %w", err)
	}
	url := fmt.Sprintf("http://%s/api/%d/store/", c.Door.Address, k.project)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(event))
	if err != nil {
		return err
	}
	if c.Door.URL != nil {
		req.Host = c.Door.URL.Host
		req.Header.Set("X-Forwarded-Proto", c.Door.URL.Scheme)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Sentry-Auth", "Sentry sentry_version=7, sentry_client=sentryctl/1, sentry_key="+k.public)
	res, err := c.Door.client().Do(req)
	if c.Door.AtOnce && shut(err) {
		return lasting{err}
	}
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(io.LimitReader(res.Body, 200)) // the status alone would do
		return fmt.Errorf("status %s: %s", res.Status, bytes.TrimSpace(said))
	}
	return nil
}

// find looks for the event in both forms that ClickHouse may hold its ID in:
// as a UUID, and as the text that was sent.
func (c Canary) find(ctx context.Context, k projectKey, id string) error {
	uuid := fmt.Sprintf("%s-%s-%s-%s-%s", id[:8], id[8:12], id[12:16], id[16:20], id[20:])
	since := c.now().Add(-24 * time.Hour).UTC().Format(time.DateTime)
	var last error
	for _, form := range []string{uuid, id} {
		sql := fmt.Sprintf("SELECT count() FROM default.errors_local WHERE project_id = %d AND timestamp >= '%s' AND event_id = '%s'", k.project, since, form)
		out, err := c.run(ctx, "clickhouse", "clickhouse-client", "-q", sql)
		switch {
		case err != nil:
			last = err
		case out != "0" && out != "":
			return nil
		case last == nil:
			last = errors.New("ClickHouse does not have it")
		}
	}
	return last
}

func (c Canary) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}

// run returns what a command printed.
func (c Canary) run(ctx context.Context, service string, command ...string) (string, error) {
	return output(ctx, c.Commands, service, command...)
}

func output(ctx context.Context, commands Commands, service string, command ...string) (string, error) {
	r, err := commands.Exec(ctx, service, workload.Exec{Command: command, Quiet: true})
	if err != nil {
		return "", err
	}
	if r.ExitCode != 0 {
		said, _, _ := strings.Cut(strings.TrimSpace(string(r.Stderr)), "\n")
		return "", fmt.Errorf("%s in %s ended with %d: %s", command[0], service, r.ExitCode, said)
	}
	return strings.TrimSpace(string(r.Stdout)), nil
}
