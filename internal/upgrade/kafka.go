package upgrade

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/step"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// A Kafka without ZooKeeper does not take over the log that was written with it, and
// one with ZooKeeper does not start on the other's. So that log is read to its end
// while the former release runs, and then set aside in a volume of its own: the
// release begins with an empty one, and the way back finds the former as it was.

const (
	kafka     = "kafka"
	kafkaData = "/var/lib/kafka/data"
	// formerSuffix names the volume in which the former log lies until the next hop.
	formerSuffix         = "-former"
	drainID      step.ID = "drain-kafka"
	proveFirstID step.ID = "prove-site"
)

// Drained is the note of a hop whose Kafka was read to its end: where its consumer
// groups stood then.
type Drained struct {
	Run    string          `json:"run"`
	Groups []backup.Offset `json:"groups"`
	Aside  bool            `json:"aside,omitempty"` // its log has a place to be set aside
}

// noKafka tells of a project whose Kafka an admin runs elsewhere.
func noKafka(ctx context.Context, e *Env) (string, error) {
	s, err := e.Stack(ctx)
	if err == nil && !has(s.Model(), kafka) {
		return "this project has no Kafka of its own", nil
	}
	return "", err
}

// proveFirst asks for health before the door is closed: a consumer that hangs is in no
// group any more, and nothing would seem to wait for it.
func proveFirst() Step {
	return Step{
		ID: proveFirstID, Title: "See that the site works", Idempotent: true,
		Skip: func(ctx context.Context, e *Env) (string, error) {
			if why, err := noKafka(ctx, e); why != "" || err != nil {
				return why, err
			}
			s, err := e.Stack(ctx)
			if err != nil {
				return "", err
			}
			all, err := whole(ctx, s)
			if err == nil && !all {
				return "a hop that was cut off has stopped services", nil
			}
			return "", err
		},
		Run: func(ctx context.Context, e *Env) error {
			s, err := e.Stack(ctx)
			if err != nil {
				return err
			}
			return e.Work.Gate(ctx, s)
		},
	}
}

// drainKafka closes the door and waits until consumers have read all there is.
func drainKafka() Step {
	return Step{
		ID: drainID, Title: "Let consumers read all that Kafka has", Idempotent: true,
		Skip: noKafka,
		Run: func(ctx context.Context, e *Env) error {
			s, err := e.Stack(ctx)
			if err != nil {
				return err
			}
			if err := makeFormer(ctx, s, e.Sink); err != nil {
				return err
			}
			// What is started here must not meet the server that a killed hop has left reading.
			if err := s.ClearLeftover(ctx, readName); err != nil {
				return err
			}
			list, err := drainer{s, e.Sink, 2 * time.Second, e.Now, map[string]bool{}}.run(ctx)
			if err != nil {
				return err
			}
			aside, err := hasFormer(ctx, s)
			if err != nil {
				return err
			}
			return WriteNote(e.Site, Drained{Run: e.Run, Groups: list, Aside: aside})
		},
	}
}

func (e *Env) drained() (d Drained, err error) {
	_, err = ReadNote(e.Site, &d)
	return d, err
}

func has(m release.Model, service string) bool {
	return slices.ContainsFunc(m.Services, func(s release.Service) bool { return s.Name == service })
}

// kafkaVolume is the volume of Kafka's log on the Engine, "" where an admin keeps it
// elsewhere.
func kafkaVolume(m release.Model) string {
	for _, v := range m.Volumes {
		if slices.Contains(v.MountedBy, kafka+":"+kafkaData) {
			return v.EngineName
		}
	}
	return ""
}

// makeFormer makes the volume into which the log will be set aside. Where an admin
// keeps the log elsewhere there is none: what lies there cannot change places.
func makeFormer(ctx context.Context, s Stack, sink event.Sink) error {
	volume := kafkaVolume(s.Model())
	err := errors.New("it is in no volume")
	if volume != "" {
		if err := s.RemoveVolume(ctx, volume+formerSuffix); err != nil {
			return err
		}
		_, err = s.VolumeDirs(ctx, volume)
	}
	switch {
	case err != nil && volume != "" && !errors.Is(err, workload.ErrElsewhere):
		return err
	case err != nil:
		sink.Emit(event.Notice{Level: "warn", Text: fmt.Sprintf("Kafka's log stays where it is, and the release's Kafka may not start on it: %v", err),
			Hint: "Where it does not, empty that directory, and the volume of ZooKeeper, and run: sentryctl resume"})
		return nil
	}
	return s.CreateVolume(ctx, volume+formerSuffix, "")
}

func hasFormer(ctx context.Context, s Stack) (bool, error) {
	volume := kafkaVolume(s.Model())
	if volume == "" {
		return false, nil
	}
	return s.VolumeExists(ctx, volume+formerSuffix)
}

// FormerLog refuses a way back over a hop whose former log somebody has removed since: the
// former Kafka does not start without it.
func FormerLog(ctx context.Context, s Stack, st *site.Site, run string) error {
	var d Drained
	if _, err := ReadNote(st, &d); err != nil || d.Run != run || !d.Aside {
		return err
	}
	there, err := hasFormer(ctx, s)
	if err != nil || there {
		return err
	}
	return fault.New(fault.Integrity, "Restore a backup of the former release: sentryctl backup list",
		"nothing was stopped: the volume %s is gone, which has the log that the former release's Kafka needs", kafkaVolume(s.Model())+formerSuffix)
}

// setAside lets Kafka's log and an empty volume change places.
func setAside() Step {
	return Step{
		ID: "set-kafka-aside", Title: "Set aside the log that Kafka kept with ZooKeeper", Idempotent: true,
		Skip: func(ctx context.Context, e *Env) (string, error) {
			s, err := e.Stack(ctx)
			if err != nil {
				return "", err
			}
			there, err := hasFormer(ctx, s)
			if err == nil && !there {
				return "it stays where it is", nil
			}
			return "", err
		},
		Run: func(ctx context.Context, e *Env) error {
			s, err := e.Stack(ctx)
			if err != nil {
				return err
			}
			volume := kafkaVolume(s.Model())
			return backup.Swap{Mark: asideMark(e.Run), Complete: true, Pairs: []backup.VolumePair{{Used: volume, Waiting: volume + formerSuffix}}}.Do(ctx, s)
		},
	}
}

func asideMark(run string) string { return run + "-kafka" }

// beginGroups lets consumers begin where Kafka's new log does. Without that, some
// would begin at its end, wherever it is when they come.
func beginGroups() Step {
	return Step{
		ID: "set-consumer-groups", Title: "Set Kafka's consumer groups", Idempotent: true,
		Run: func(ctx context.Context, e *Env) error {
			d, err := e.drained()
			if err != nil {
				return err
			}
			s, err := e.Stack(ctx)
			if err != nil {
				return err
			}
			err = backup.Groups{Set: backup.Set{Manifest: backup.Manifest{Offsets: d.Groups}}, Stack: s, Sink: e.Sink}.Put(ctx)
			if err != nil && ctx.Err() == nil {
				e.Sink.Emit(event.Notice{Level: "warn", Text: "consumer groups are not set, so events of the first moments may be missing: " + err.Error()})
				return nil
			}
			return err
		},
	}
}

// logBack puts the log back that a hop has set aside. One of another hop stays.
func logBack() BackStep {
	return BackStep{
		ID: "put-kafka-back", Title: "Put back the log that Kafka kept with ZooKeeper", Idempotent: true, Always: true,
		Skip: func(ctx context.Context, e *BackEnv) (string, error) {
			why := "none was set aside"
			err := e.with(ctx, func(s Stack) error {
				there, err := hasFormer(ctx, s)
				if e.Data && there {
					why = ""
				}
				return err
			})
			return why, err
		},
		Run: func(ctx context.Context, e *BackEnv) error {
			return e.with(ctx, func(s Stack) error {
				volume, aside := kafkaVolume(s.Model()), asideMark(e.Placed.Run)
				return backup.Swap{Mark: aside + "-back", Over: aside, Complete: true, Pairs: []backup.VolumePair{{Used: volume, Waiting: volume + formerSuffix}}}.Do(ctx, s)
			})
		},
	}
}

// removeFormerLog removes a log that was set aside, once no way leads back to it.
func removeFormerLog(ctx context.Context, s Stack) error {
	volume := kafkaVolume(s.Model())
	if volume == "" {
		return nil
	}
	return s.RemoveVolume(ctx, volume+formerSuffix)
}
