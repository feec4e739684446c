package upgrade

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/step"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// KeepRoomID names the step that takes room up, and its container.
const KeepRoomID step.ID = "keep-room"

// roomBytes is more than it takes to start a release: layers of containers, logs, and what
// stores write when they begin.
const roomBytes = 64 << 20

// room is the volume that takes up room on the Engine's disk for the way back.
func room(s Stack) string { return s.Model().Project + "-ballast" }

// keepRoom takes up room on the Engine's disk that the way back finds even where the hop, or
// somebody else, has filled it: to start the former release. It is LayBallast for the disk
// of the containers.
func keepRoom() Step {
	return Step{
		ID: KeepRoomID, Title: "Keep room for the way back", Idempotent: true,
		Run: func(ctx context.Context, e *Env) error {
			s, err := e.Stack(ctx)
			if err != nil {
				return err
			}
			var h workload.Helper
			if !e.NoRollback {
				if err := besideSaved(ctx, s, &h); err != nil {
					return err
				}
			}
			if err := s.CreateVolume(ctx, room(s), ""); err != nil {
				return err
			}
			out, err := takeRoom(ctx, s, h)
			if err != nil || e.NoRollback {
				return err
			}
			bytes, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
			if err != nil {
				return fmt.Errorf("measure what the way back writes: %w", err)
			}
			return WriteNote(e.Site, Wanted{Run: e.Run, Bytes: bytes})
		},
		Undo: dropRoom,
	}
}

// keepMoreRoom takes up what it takes to write the former release's data beside what is in
// use. It waits for the checkpoint and for PostgreSQL's new data, which want room themselves:
// up to here the way back brings no data.
func keepMoreRoom() Step {
	return Step{
		ID: "keep-room-for-data", Title: "Keep room for the data of the way back", Idempotent: true,
		Skip: func(_ context.Context, e *Env) (string, error) {
			if e.NoRollback {
				return "the hop is not to be taken back", nil
			}
			return "", nil
		},
		Run: func(ctx context.Context, e *Env) error {
			s, err := e.Stack(ctx)
			if err != nil {
				return err
			}
			var w Wanted
			if found, err := ReadNote(e.Site, &w); err != nil || !found || w.Run != e.Run {
				return err // a hop that another version of this program began
			}
			_, err = takeRoom(ctx, s, workload.Helper{Args: []string{"--more", strconv.FormatInt(w.Bytes, 10)}})
			return err
		},
	}
}

// Wanted is what the way back writes on the Engine's disk, as it was when all ran.
type Wanted struct {
	Run   string `json:"run"`
	Bytes int64  `json:"bytes"`
}

// takeRoom has the helper take up room, in the place of what it took before, and say what it
// takes to write once more what lies beside.
func takeRoom(ctx context.Context, s Stack, h workload.Helper) (out []byte, err error) {
	h.Name = string(KeepRoomID)
	h.Args = append([]string{"ballast", "--dir", "/room", "--bytes", strconv.Itoa(roomBytes)}, h.Args...)
	h.Mounts = append(h.Mounts, workload.Mount{Volume: room(s), Path: "/room"})
	return s.RunHelper(ctx, h)
}

// besideSaved names what the checkpoint holds, and sees that the way back can write beside it.
func besideSaved(ctx context.Context, s Stack, h *workload.Helper) error {
	all, err := backup.Classify(s.Model(), backup.Choice{})
	if err != nil {
		return err
	}
	for _, v := range all {
		if !v.Taken() {
			continue
		}
		have, err := s.VolumeExists(ctx, v.EngineName)
		if err != nil {
			return err
		}
		if err := backup.NotKept(ctx, s, v.EngineName); err != nil {
			return err // the way back could not write there
		}
		if have {
			dir := "/saved/" + v.Name
			h.Args = append(h.Args, "--beside", dir)
			h.Mounts = append(h.Mounts, workload.Mount{Volume: v.EngineName, Path: dir, ReadOnly: true})
		}
	}
	return nil
}

// freeRoom gives that room back when the hop has come to its good end, and that of the
// ballast: whoever is killed after this has left nothing. One that goes on has laid the
// ballast anew.
func freeRoom() Step {
	return Step{
		ID: "free-room", Title: "Give back the room for the way back", Idempotent: true, Always: true,
		Run: func(ctx context.Context, e *Env) error { return errors.Join(dropRoom(ctx, e), DropBallast(e.Site)) },
	}
}

func dropRoom(ctx context.Context, e *Env) error {
	s, err := e.Stack(ctx)
	if err != nil {
		return err
	}
	return DropRoom(ctx, s)
}

// DropRoom gives the room back, also where a hop was killed while it took it up.
func DropRoom(ctx context.Context, s Stack) error {
	if err := s.ClearLeftover(ctx, string(KeepRoomID)); err != nil {
		return err
	}
	return s.RemoveVolume(ctx, room(s))
}

// TellRoom tells why the room could not be given back. Nothing else depends on it.
func TellRoom(sink event.Sink, err error) {
	if err != nil {
		sink.Emit(event.Notice{Level: "warn", Text: fmt.Sprintf("the room kept for the way back stays taken: %v", err)})
	}
}

// useRoom gives it to the way back, which may not need it.
func useRoom() BackStep {
	return BackStep{
		ID: "free-room", Title: "Use the room that was kept", Idempotent: true, Always: true,
		Run: func(ctx context.Context, e *BackEnv) error {
			s, err := e.Open(ctx)
			if err != nil {
				return err
			}
			TellRoom(e.Sink, DropRoom(ctx, s))
			return nil
		},
	}
}
