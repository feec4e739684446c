package stack

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/workload"
)

const oneService = `
services:
  busy: {image: ` + boxImage + `, command: [serve, 0s]}
`

// busySite is a running project of one service, whose Engine is given up
// early.
func busySite(t *testing.T) *site {
	t.Helper()
	s := newSite(t, realEngine(t), oneService)
	s.FreezeTimeout = time.Second
	if err := s.Start(t.Context(), "busy"); err != nil {
		t.Fatal(err)
	}
	return s
}

// ranIn runs a command in the service; how it ends tells whether processes of the
// container run.
func ranIn(ctx context.Context, s *site) error {
	_, err := s.Exec(ctx, "busy", workload.Exec{Command: []string{"/sentryctl", "health"}, Quiet: true})
	return err
}

// goesOn fails the test when the Engine does not come to call the service
// running, or its processes do not run. The Engine hears of both late.
func goesOn(t *testing.T, s *site) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		list, err := s.Status(ctx)
		if err == nil && list[0].State == "running" {
			err = ranIn(ctx, s)
		}
		if err == nil && list[0].State == "running" {
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("it does not go on: %+v, %v", list, err)
		}
	}
}

// isFrozen fails the test when the Engine does not come to call the service
// paused. It is not asked about the container, as it may not answer.
func isFrozen(t *testing.T, s *site) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		found, err := s.inState(ctx, "paused")
		if err == nil && len(found["busy"]) == 1 {
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("these are frozen: %v, %v", found, err)
		}
	}
}

func (s *site) thawed() (n int) {
	s.told.mu.Lock()
	defer s.told.mu.Unlock()
	for _, e := range s.told.list {
		if notice, ok := e.(event.Notice); ok && strings.Contains(notice.Text, "thawed") {
			n++
		}
	}
	return n
}

// Health checks begin all the time, also in the moment in which a container is
// frozen. The Engine then waits for what cannot run.
func TestUnpauseWhileCommandsBegin(t *testing.T) {
	for _, way := range []string{"thawed here", "thawed by a helper"} {
		t.Run(way, func(t *testing.T) {
			s := busySite(t)
			if way != "thawed here" {
				s.engine.groups = ""
			}
			ctx, cancel := context.WithCancel(t.Context())
			var work sync.WaitGroup
			for range 6 {
				work.Go(func() {
					for ctx.Err() == nil {
						_ = ranIn(ctx, s) // refused while it is frozen
					}
				})
			}
			defer work.Wait()
			defer cancel()
			const rounds, enough = 15, 2
			for round := 0; round < rounds && s.thawed() < enough; round++ {
				if err := s.Pause(t.Context(), "busy"); err != nil {
					t.Fatalf("round %d: %v", round, err)
				}
				isFrozen(t, s)
				if err := s.Unpause(t.Context(), "busy"); err != nil {
					t.Fatalf("round %d: %v", round, err)
				}
				goesOn(t, s)
			}
			t.Logf("the Engine locked itself out %d times", s.thawed())
		})
	}
}
