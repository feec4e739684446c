package upgrade

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/workload"
)

const (
	postgres     = "postgres"
	postgresData = "/var/lib/postgresql/data"
	// besideSuffix names the volume in which PostgreSQL's data is written anew,
	// and in which the old data lies after that.
	besideSuffix = "-beside"
	readName     = "read-postgres"
	writeName    = "write-postgres"
)

// Beside is a major version of PostgreSQL for which the data is written anew.
type Beside struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// writeBeside reads everything out of the old server and into the new one,
// whose data lies in a volume of its own, and compares what both then hold.
// Neither listens on a network. The data in use is not changed.
func writeBeside(b Beside) Step {
	return Step{
		ID: "write-postgres", Title: fmt.Sprintf("Write PostgreSQL's data anew for %s, beside that of %s", b.To, b.From), Idempotent: true,
		Run: func(ctx context.Context, e *Env) error {
			old, err := e.Stack(ctx)
			if err != nil {
				return err
			}
			key, volume, err := dataVolume(old.Model())
			if err != nil {
				return err
			}
			if err := old.Stop(ctx, postgres); err != nil {
				return err
			}
			for _, name := range []string{readName, writeName} {
				if err := old.ClearLeftover(ctx, name); err != nil {
					return err
				}
			}
			if err := old.RemoveVolume(ctx, volume+besideSuffix); err != nil {
				return err
			}
			if err := old.CreateVolume(ctx, volume+besideSuffix, ""); err != nil {
				return err
			}
			fresh, err := e.Projects.Beside(ctx, key, volume+besideSuffix)
			if err != nil {
				return err
			}
			held, err := e.writeAnew(ctx, old, fresh)
			if err != nil {
				// The room that it takes may be what the former release lacks to start; another try begins anew.
				_ = old.RemoveVolume(context.WithoutCancel(ctx), volume+besideSuffix)
				return err
			}
			e.Sink.Emit(event.Log{Source: postgres, Text: fmt.Sprintf("%d databases, roles, tables and sequences hold the same in %s and %s", held, b.From, b.To)})
			return nil
		},
	}
}

// writeAnew writes what the old server holds into the new one, and says how much that is.
func (e *Env) writeAnew(ctx context.Context, old, fresh Stack) (held int, err error) {
	before, after, err := pourOver(ctx, old, fresh, e.Sink)
	if err != nil {
		return 0, fault.New(fault.Resumable, "The old data is as it was; read what the servers said in "+OutputLog(e.Site), "write PostgreSQL's data anew: %w", err)
	}
	return len(before), alike(before, after)
}

// switchBeside lets the new data and the old change places. The old stays in
// the volume beside until the hop has proven to work.
func switchBeside() Step {
	return Step{
		ID: "switch-postgres", Title: "Put PostgreSQL's new data in place", Idempotent: true,
		Run: func(ctx context.Context, e *Env) error {
			s, err := e.Stack(ctx)
			if err != nil {
				return err
			}
			_, volume, err := dataVolume(s.Model())
			if err != nil {
				return err
			}
			x := backup.Swap{Mark: e.Run, Complete: true, Pairs: []backup.VolumePair{{Used: volume, Waiting: volume + besideSuffix}}}
			return x.Do(ctx, s)
		},
	}
}

// removeFormerData removes the old data, once the gate has passed.
func removeFormerData() Step {
	return Step{
		ID: "remove-former-postgres", Title: "Remove PostgreSQL's former data", Idempotent: true,
		Run: func(ctx context.Context, e *Env) error {
			s, err := e.Stack(ctx)
			if err != nil {
				return err
			}
			return removeBeside(ctx, s)
		},
	}
}

func removeBeside(ctx context.Context, s Stack) error {
	_, volume, err := dataVolume(s.Model())
	if err != nil {
		return nil // a project without PostgreSQL has none beside
	}
	return s.RemoveVolume(ctx, volume+besideSuffix)
}

// dataVolume is the volume of PostgreSQL's data: its name in the compose file
// and on the Engine.
func dataVolume(m release.Model) (key, volume string, err error) {
	for _, v := range m.Volumes {
		if slices.Contains(v.MountedBy, postgres+":"+postgresData) {
			return v.Name, v.EngineName, nil
		}
	}
	return "", "", errors.New("no volume holds PostgreSQL's data: the service postgres mounts none at " + postgresData)
}

// pourOver lets the old server's dump run into the new one. Both tell what
// they hold.
func pourOver(ctx context.Context, old, fresh Stack, sink event.Sink) (before, after map[string]string, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	dump, into := io.Pipe()
	from, to := newTeller("postgres (old)", sink), newTeller("postgres (new)", sink)
	ended := make(chan error, 1)
	go func() {
		err := ran(fresh.Pipe(ctx, oneOff(writeName, readIn), workload.Streams{In: dump, Out: to, Err: newTeller(to.source, sink)}))
		dump.CloseWithError(errors.Join(errors.New("the new server ended"), err))
		ended <- err
	}()
	counted := &counter{to: into, sink: sink}
	open, end := io.Pipe()
	defer end.Close()
	err = ran(old.Pipe(ctx, oneOff(readName, readOut), workload.Streams{In: open, Out: counted, Err: from}))
	if err != nil {
		cancel() // what came over is not whole
	}
	into.CloseWithError(err)
	newErr := <-ended
	switch {
	case newErr != nil && !errors.Is(newErr, context.Canceled):
		return nil, nil, fmt.Errorf("the new server: %w", newErr)
	case err != nil:
		return nil, nil, fmt.Errorf("the old server: %w", err)
	}
	return from.facts, to.facts, newErr
}

func oneOff(name, script string) workload.OneOff {
	return workload.OneOff{Service: postgres, Name: name, NoDeps: true, Entrypoint: []string{"bash", "-c"}, Command: []string{script}}
}

func ran(code int, err error) error {
	if err == nil && code != 0 {
		err = fmt.Errorf("exit code %d", code)
	}
	return err
}

// alike compares what two servers hold.
func alike(before, after map[string]string) error {
	var differ []string
	for what, held := range before {
		if got := after[what]; got != held {
			differ = append(differ, fmt.Sprintf("%s: %s before, %s after", what, held, orNothing(got)))
		}
	}
	slices.Sort(differ)
	switch {
	case len(before) == 0:
		return fault.New(fault.Integrity, "The old data is as it was", "the old PostgreSQL did not tell what it holds")
	case len(differ) > 0:
		return fault.New(fault.Integrity, "The old data is as it was; report what differs", "PostgreSQL's new data is not that of the old, in %d points: %s",
			len(differ), strings.Join(differ[:min(3, len(differ))], "; "))
	}
	return nil
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}
