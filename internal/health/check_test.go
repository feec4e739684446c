package health_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/health"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// refuses is a door where nobody listens for some time; then it is open.
type refuses struct{ until time.Time }

func (r refuses) RoundTrip(req *http.Request) (*http.Response, error) {
	if time.Now().Before(r.until) {
		return nil, syscall.ECONNREFUSED
	}
	return nil, errors.New("open")
}

// What only a person brings back is told soon where that is asked for, and
// waited for where it is not, as a gate does. What passes within a moment, as
// when nginx is replaced, is no such thing.
func TestWhatIsDownIsToldAtOnce(t *testing.T) {
	const limit = time.Minute
	gone := workload.Status{Service: "nginx", Container: "nginx-1", State: "exited"}
	for _, c := range []struct {
		name       string
		atOnce     bool
		back       time.Duration // after which it is there again
		sooner     bool          // than the limit
		canary     string        // part of what it says
		containers string
	}{
		{"down, for a person", true, time.Hour, true, "was not posted, as the front door http://door is shut", "nginx is exited"},
		{"down, for a gate", false, time.Hour, false, "was not posted, as the front door http://door is shut", "nginx is exited"},
		{"replaced, for a person", true, time.Second, false, "was not taken: ", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				down := func() bool { return time.Since(began) < c.back }
				door := health.FrontDoor{Address: "door", Limit: limit, AtOnce: c.atOnce, Client: &http.Client{Transport: refuses{began.Add(c.back)}}}
				canary := health.Canary{Door: door, Commands: &sentry{keys: "abc|7"}, Limit: limit}
				services := statuses(func() []workload.Status {
					if down() {
						return []workload.Status{gone}
					}
					return []workload.Status{up("nginx")}
				})
				r, err := health.Run(t.Context(), []health.Check{
					door.Check(), canary.Check(), health.Containers{Services: services, Limit: limit, AtOnce: c.atOnce}.Check(),
				})
				if err != nil {
					t.Fatal(err)
				}
				for i, want := range []string{"the front door http://door/_health/ does not answer", c.canary, c.containers} {
					got := r.Checks[i]
					if want == "" {
						if !got.OK {
							t.Errorf("%s: %s", got.ID, got.Error)
						}
						continue
					}
					if !strings.Contains(got.Error, want) || got.Hint == "" || (got.ElapsedNS < limit) != c.sooner {
						t.Errorf("%s after %s: got %q, hint %q; want %q", got.ID, got.ElapsedNS, got.Error, got.Hint, want)
					}
				}
			})
		})
	}
}

// An Engine that goes away is waited for by none of the checks.
func TestAnEngineThatGoesAwayEndsAllChecks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		services := away{fault.New(fault.NoEngine, "Start it", "the Docker Engine went away")}
		door := health.FrontDoor{Address: "door", Limit: time.Hour, Client: &http.Client{Transport: refuses{began.Add(time.Hour)}}}
		r, err := health.Run(t.Context(), []health.Check{door.Check(), health.Containers{Services: services, Limit: time.Hour}.Check()})
		if err != nil || time.Since(began) > time.Minute {
			t.Errorf("got %v after %s", err, time.Since(began))
		}
		for _, c := range r.Checks {
			if c.OK || c.Error != "the Docker Engine went away" || c.Hint != "Start it" {
				t.Errorf("%s: got %+v", c.ID, c)
			}
		}
	})
}

// away is a project on an Engine that is away.
type away struct{ error }

func (a away) AskedStatus(context.Context) ([]workload.Status, error) { return nil, a.error }

type statuses func() []workload.Status

func (s statuses) AskedStatus(context.Context) ([]workload.Status, error) { return s(), nil }
