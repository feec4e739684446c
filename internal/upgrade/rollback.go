package upgrade

import (
	"context"
	"errors"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/step"
)

// BackEnv is what the steps of the way back work with.
type BackEnv struct {
	Placed   Placed
	From     calver.Version // the release to come back to
	Renamed  bool           // its images may have lost their names
	Data     bool           // the data has to come back too
	NewKafka bool           // the hop is one in which Kafka leaves ZooKeeper
	Failed   Failed
	Site     *site.Site
	Open     func(ctx context.Context) (Stack, error) // the project of the site as its files are now
	Restore  func(ctx context.Context) (*backup.RestoreEnv, error)
	Gate     func(ctx context.Context, s Stack) error
	Close    func() error // ends the hop's journal
	Sink     event.Sink

	stack   Stack
	restore *backup.RestoreEnv
}

// BackStep is a step of the way back.
type BackStep = step.Step[*BackEnv]

// BackSteps lists the way back to the release and the data of before the last
// hop. Each can be repeated. What fails stays where it is.
func BackSteps() []BackStep {
	all := []BackStep{keepFailed(), endOneOffs(), useRoom(), halt(), putBack(), oldImages(), logBack()}
	var last []BackStep
	for _, s := range backup.RestoreSteps() {
		lifted := liftRestore(s)
		if s.ID == "remove-replaced" {
			last = append(last, lifted)
			continue
		}
		all = append(all, lifted)
	}
	all = append(all, startOld(), gateOld())
	return append(append(all, last...), endBack())
}

// BackProven tells that the former release has proven to work: what an admin changes from
// there on stays.
func BackProven(records []step.Record) bool { return step.Did(records, gateBackID) }

// Rest is what is left of a way back that goes on: what the former release has stored since
// it proved to work is not put back to the checkpoint again.
func Rest(records []step.Record) []BackStep {
	return step.Rest(BackSteps(), records, gateBackID, "begin-restore")
}

// liftRestore makes a step of the way back of one of a restore.
func liftRestore(s backup.RestoreStep) BackStep {
	out := BackStep{ID: s.ID, Title: s.Title, Idempotent: s.Idempotent, Always: s.Always}
	out.Skip = func(ctx context.Context, e *BackEnv) (string, error) {
		if !e.Data {
			return "the data has not been touched", nil
		}
		if s.Skip == nil {
			return "", nil
		}
		in, err := e.restorer(ctx)
		if err != nil {
			return "", err
		}
		return s.Skip(ctx, in)
	}
	out.Run = func(ctx context.Context, e *BackEnv) error {
		in, err := e.restorer(ctx)
		if err != nil {
			return err
		}
		return s.Run(ctx, in)
	}
	return out
}

func (e *BackEnv) restorer(ctx context.Context) (*backup.RestoreEnv, error) {
	if e.restore == nil {
		r, err := e.Restore(ctx)
		if err != nil {
			return nil, err
		}
		e.restore = r
	}
	return e.restore, nil
}

// old is the project as the files that were put back say.
func (e *BackEnv) old(ctx context.Context) (Stack, error) {
	if e.stack == nil {
		s, err := e.Open(ctx)
		if err != nil {
			return nil, err
		}
		e.stack = s
	}
	return e.stack, nil
}

func (e *BackEnv) with(ctx context.Context, do func(Stack) error) error {
	s, err := e.old(ctx)
	if err != nil {
		return err
	}
	return do(s)
}

// endOneOffs comes before anything starts: a server that a killed hop has left
// reading PostgreSQL's data and the former release's would share one directory,
// and neither sees the other's lock from its container.
func endOneOffs() BackStep {
	return BackStep{
		ID: "end-one-offs", Title: "End commands that the hop has left running", Idempotent: true, Always: true,
		Run: func(ctx context.Context, e *BackEnv) error {
			s, err := e.Open(ctx)
			if err != nil {
				return err
			}
			return s.EndOneOffs(ctx)
		},
	}
}

// halt stops everything that has the project's name, whichever release
// started it.
func halt() BackStep {
	return BackStep{
		ID: "halt", Title: "Stop everything", Idempotent: true, Always: true,
		Skip: untouchedData,
		Run: func(ctx context.Context, e *BackEnv) error {
			s, err := e.Open(ctx)
			if err != nil {
				return err
			}
			return s.Halt(ctx)
		},
	}
}

// untouchedData leaves running what never stopped: ingest.
func untouchedData(_ context.Context, e *BackEnv) (string, error) {
	if !e.Data {
		return "the data has not been touched", nil
	}
	return "", nil
}

func putBack() BackStep {
	return BackStep{
		ID: putBackID, Title: "Put the former release's files back", Idempotent: true, Always: true,
		Run: func(_ context.Context, e *BackEnv) error {
			if e.Placed.Run == "" {
				return nil // none was replaced
			}
			return e.Placed.PutBack(e.Site)
		},
	}
}

func oldImages() BackStep {
	return BackStep{
		ID: "old-images", Title: "Give the former release its images", Idempotent: true, Always: true,
		Run: func(ctx context.Context, e *BackEnv) error {
			return e.with(ctx, func(s Stack) error {
				if e.Renamed || e.Placed.Run != "" {
					if err := UseFormer(ctx, s, e.From); err != nil {
						return err
					}
				}
				if missing, err := s.MissingImages(ctx); err != nil {
					return err
				} else if len(missing) > 0 {
					if err := s.Pull(ctx); err != nil {
						return err
					}
				}
				return s.Build(ctx) // builds only what is not there
			})
		},
	}
}

func startOld() BackStep {
	return BackStep{
		ID: "start-former", Title: "Start the former release", Idempotent: true, Always: true,
		Run: func(ctx context.Context, e *BackEnv) error {
			return e.with(ctx, func(s Stack) error { return s.Start(ctx) })
		},
	}
}

const gateBackID step.ID = "health-gate"

func gateOld() BackStep {
	return BackStep{
		ID: gateBackID, Title: "See that the former release works", Idempotent: true, Always: true,
		Run: func(ctx context.Context, e *BackEnv) error {
			return e.with(ctx, func(s Stack) error { return e.Gate(ctx, s) })
		},
	}
}

// endBack removes what only the other release has, and closes the journals.
func endBack() BackStep {
	return BackStep{
		ID: "end-rollback", Title: "Remove what only the other release had", Idempotent: true, Always: true,
		Run: func(ctx context.Context, e *BackEnv) error {
			err := e.with(ctx, func(s Stack) error {
				_, err := s.RemoveOrphans(ctx)
				err = errors.Join(err, removeBeside(ctx, s))
				if e.Data || e.NewKafka { // else the log is that of a hop before, to which a way leads
					err = errors.Join(err, removeFormerLog(ctx, s))
				}
				return err
			})
			if err == nil {
				err = e.Close()
			}
			if err == nil && e.restore != nil {
				err = e.restore.Done()
			}
			return err
		},
	}
}
