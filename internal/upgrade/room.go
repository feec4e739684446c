package upgrade

import (
	"context"
	"fmt"
	"strconv"

	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// roomBytes is more than it takes to start a release: layers of containers, logs, and what
// stores write when they begin. Data that comes back takes as much as it holds on top.
const roomBytes = 64 << 20

// room is the volume that takes up room on the Engine's disk for the way back.
func room(s Stack) string { return s.Model().Project + "-ballast" }

// keepRoom takes up room on the Engine's disk that the way back finds even where the hop, or
// somebody else, has filled it. It is LayBallast for the disk of the containers.
func keepRoom() Step {
	return Step{
		ID: "keep-room", Title: "Keep room for the way back", Idempotent: true,
		Run: func(ctx context.Context, e *Env) error {
			s, err := e.Stack(ctx)
			if err != nil {
				return err
			}
			if err := s.CreateVolume(ctx, room(s), ""); err != nil {
				return err
			}
			_, err = s.RunHelper(ctx, workload.Helper{
				Name: "keep-room", Args: []string{"ballast", "--dir", "/room", "--bytes", strconv.Itoa(roomBytes)},
				Mounts: []workload.Mount{{Volume: room(s), Path: "/room"}},
			})
			return err
		},
		Undo: dropRoom,
	}
}

// freeRoom gives that room back when the hop has come to its good end.
func freeRoom() Step {
	return Step{ID: "free-room", Title: "Give back the room for the way back", Idempotent: true, Run: dropRoom}
}

func dropRoom(ctx context.Context, e *Env) error {
	s, err := e.Stack(ctx)
	if err != nil {
		return err
	}
	return s.RemoveVolume(ctx, room(s))
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
			if err := s.RemoveVolume(ctx, room(s)); err != nil {
				e.Sink.Emit(event.Notice{Level: "warn", Text: fmt.Sprintf("the room kept for the way back stays taken: %v", err)})
			}
			return nil
		},
	}
}
