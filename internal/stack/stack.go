package stack

import (
	"io"
	"runtime"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/docker/compose/v5/pkg/compose"
	"github.com/moby/moby/client"

	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/release"
)

// Stack is one compose project on one Engine.
type Stack struct {
	// ReadyTimeout is how long one service may take to become ready after its
	// start. Upstream's slowest, ClickHouse on a cold disk, needs minutes.
	ReadyTimeout time.Duration
	// StopTimeout is how long a container may take to end before it is killed.
	StopTimeout time.Duration
	// FreezeTimeout is how long the Engine may take to freeze a container or
	// to let it go on.
	FreezeTimeout time.Duration

	engine  *Engine
	api     client.APIClient
	project *Project
	sink    event.Sink
	proven  *proven
}

// Stack joins a loaded project with the Engine. What happens is told to sink.
func (e *Engine) Stack(p *Project, sink event.Sink) *Stack {
	return &Stack{
		ReadyTimeout:  10 * time.Minute,
		StopTimeout:   time.Minute, // upstream's STOP_TIMEOUT
		FreezeTimeout: 5 * time.Second,
		engine:        e,
		api:           e.api,
		project:       p,
		sink:          sink,
		proven:        &proven{since: map[string]time.Time{}},
	}
}

// Model gives the project as plain data.
func (s *Stack) Model() release.Model { return s.project.Model() }

// model is what the Engine gets to see of the project.
func (s *Stack) model() *types.Project { return s.project.run }

// composer makes a Compose service that writes nowhere.
func (e *Engine) composer() (api.Compose, error) {
	return compose.NewComposeService(e.cli, quietly(io.Discard)...)
}

// quietly lets Compose write to out only and never ask: the one question it
// has is whether a volume may be deleted.
func quietly(out io.Writer) []compose.Option {
	return []compose.Option{
		compose.WithStreams(out, out, nil),
		compose.WithPrompt(func(string, bool) (bool, error) { return false, nil }),
		compose.WithMaxConcurrency(createConcurrency()),
	}
}

// createConcurrency bounds how many containers the Engine makes at once. It
// takes a lock or two for each, so more than a few per CPU only queue up.
func createConcurrency() int { return max(4, 3*runtime.NumCPU()) }
