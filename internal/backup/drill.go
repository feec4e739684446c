package backup

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sentryctl/sentryctl/internal/backup/capture"
	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// DrillStack is a project apart from the site's.
type DrillStack interface {
	RestoreStack
	executor
	Raze(ctx context.Context) error
}

// DrillEnv is what a drill works with.
type DrillEnv struct {
	Access     repository.Access
	Roots      string
	Repository *repository.Repository
	Set        Set
	Stack      DrillStack
	Sink       event.Sink
	Now        func() time.Time
}

// Check is one thing that a drill looked at.
type Check struct {
	Name string `json:"name"`
	Want string `json:"want"`
	Got  string `json:"got"`
	Good bool   `json:"good"`
}

// Drilled is what came of a drill.
type Drilled struct {
	Site    string        `json:"site"`
	Backup  string        `json:"backup"`
	Version string        `json:"version"`
	Begun   time.Time     `json:"begun"`
	Took    time.Duration `json:"took_ns"`
	Filled  time.Duration `json:"filled_ns"`  // until the volumes were written
	Started time.Duration `json:"started_ns"` // from then until the services were ready
	Bytes   int64         `json:"bytes"`
	Checks  []Check       `json:"checks"`
	Problem string        `json:"problem,omitempty"`
	Good    bool          `json:"good"`
}

// razeLimit is how long the end of a drill may take.
const razeLimit = 5 * time.Minute

// Drill brings a backup back apart from the site, looks at it and takes it
// down again, whatever happens. What is wrong with the backup stands in the
// result; an error says that the drill could not be made or not be taken down.
func Drill(ctx context.Context, e *DrillEnv) (d Drilled, err error) {
	d = Drilled{Site: e.Set.Site, Backup: e.Set.ID(), Version: e.Set.Version, Begun: e.Now().UTC()}
	if err := e.Stack.Raze(ctx); err != nil {
		return d, fmt.Errorf("remove what a drill before has left: %w", err)
	}
	defer func() {
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), razeLimit)
		defer cancel()
		if razeErr := e.Stack.Raze(bounded); razeErr != nil {
			err = errors.Join(err, fmt.Errorf("take the drill down: %w", razeErr))
		}
	}()
	problem := e.bringUp(ctx, &d)
	if problem == nil {
		d.Checks, problem = e.checks(ctx)
	}
	d.Took = e.Now().UTC().Sub(d.Begun)
	if ctx.Err() != nil {
		return d, ctx.Err()
	}
	d.Good = problem == nil
	if problem != nil {
		d.Problem = problem.Error()
	}
	for _, c := range d.Checks {
		d.Good = d.Good && c.Good
	}
	return d, nil
}

func (e *DrillEnv) bringUp(ctx context.Context, d *Drilled) error {
	if err := e.fill(ctx, d); err != nil {
		return err
	}
	d.Filled = e.Now().UTC().Sub(d.Begun)
	err := e.Stack.Start(ctx)
	d.Started = e.Now().UTC().Sub(d.Begun) - d.Filled
	return err
}

// fill writes the volumes that the services of the drill mount.
func (e *DrillEnv) fill(ctx context.Context, d *Drilled) error {
	t := workload.Talk{Helper: workload.Helper{Name: "restore", Args: []string{"restore"}}}
	req := capture.RestoreRequest{Roots: e.Roots, Owners: true}
	req.Access = reach(e.Access, &t)
	for _, m := range e.Stack.Model().Volumes {
		if err := e.Stack.CreateVolume(ctx, m.EngineName, m.Name); err != nil {
			return err
		}
		for _, v := range e.Set.Volumes {
			if v.Name != m.Name {
				continue
			}
			attrs, err := e.Set.Attributes(ctx, e.Repository, v.Name)
			if err != nil {
				return err
			}
			d.Bytes += v.Bytes
			t.Mounts = append(t.Mounts, workload.Mount{Volume: m.EngineName, Path: helperVolumes + v.Name})
			req.Volumes = append(req.Volumes, capture.Wanted{Name: v.Name, Dir: helperVolumes + v.Name, Snapshot: v.Snapshot, Root: v.Root, Attributes: attrs})
		}
	}
	t.Line = func(line []byte) {
		if r, err := capture.Understand(line); err == nil && r.Progress != nil {
			e.Sink.Emit(event.Progress{Item: r.Progress.Volume, Unit: "bytes", Done: r.Progress.Done, Total: r.Progress.Total})
		}
	}
	return tell(ctx, e.Stack, t, req)
}

// mergedAway is how many events in a hundred ClickHouse may drop at its start:
// it goes on merging, and drops what is over the retention.
const mergedAway = 1

// checks counts, and compares with what the manifest says.
func (e *DrillEnv) checks(ctx context.Context) ([]Check, error) {
	c := e.Set.Census
	if c == nil || c.Problem != "" {
		return nil, errors.New("the backup does not say what it holds, so there is nothing to compare with; make a new one")
	}
	got, err := count(ctx, e.Stack)
	if err != nil {
		return nil, err
	}
	events := c.Events
	events.Low -= events.Low * mergedAway / 100
	list := []Check{spanned("users", c.Users, got.Users), spanned("projects", c.Projects, got.Projects), spanned("events", events, got.Events)}
	if c.Known == nil {
		return list, nil
	}
	there, err := find(ctx, e.Stack, *c.Known)
	if err != nil {
		return list, err
	}
	k := Check{Name: "newest event", Want: c.Known.ID, Got: "not found", Good: there}
	if there {
		k.Got = c.Known.ID
	}
	return append(list, k), nil
}

func spanned(name string, want Span, got int64) Check {
	c := Check{Name: name, Want: fmt.Sprint(want.Low), Got: fmt.Sprint(got), Good: want.Low <= got && got <= want.High}
	if want.Low != want.High {
		c.Want = fmt.Sprintf("%d to %d", want.Low, want.High)
	}
	return c
}
