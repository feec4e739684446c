package backup

import (
	"context"
	"time"

	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/priority"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// Services rests services and lets them go on.
type Services interface {
	Pause(ctx context.Context, services ...string) error
	Unpause(ctx context.Context, services ...string) error
	Stop(ctx context.Context, services ...string) error
	Start(ctx context.Context, services ...string) error
}

// Looks tells how things are, and changes nothing.
type Looks interface {
	Status(ctx context.Context) ([]workload.Status, error)
	ReadVolumeFile(ctx context.Context, volume, path string) ([]byte, error)
	ImageIDs(ctx context.Context) (ids, digests map[string]string, err error)
	Rendered() ([]byte, error)
}

// Work runs commands and helpers.
type Work interface {
	Exec(ctx context.Context, service string, c workload.Exec) (workload.Result, error)
	Talk(ctx context.Context, t workload.Talk) error
	Weigh(ctx context.Context, helper string, w workload.Weight) error
}

// Stack is the project of a site on its Engine.
type Stack interface {
	Services
	Looks
	Work
	Model() release.Model
	VolumeExists(ctx context.Context, name string) (bool, error)
}

// Watch measures from outside, until stop is called, for how long each door
// did not answer.
type Watch func(ctx context.Context) (stop func() Gaps)

// Gaps is for how long the doors did not answer.
type Gaps struct {
	UI, Ingest time.Duration
}

// FrontDoor is the site as a browser sees it.
type FrontDoor interface {
	Prove(ctx context.Context) error
}

// Guard starts a process of its own that lets services go on when this one is
// gone. release tells it that they do.
type Guard func(ctx context.Context) (release func() error, err error)

// Hurry gives this process normal priority until calm takes it back.
type Hurry func() (calm func() error, err error)

// Plan is what a backup is asked for.
type Plan struct {
	Access      repository.Access
	Roots       string // certificates for the helper, PEM
	Set         string // names this backup
	Tool        string
	Mode        Mode
	Choice      Choice
	CloseDoor   bool              // the ingest door rests too
	Force       bool              // take a site that is not whole
	HalfDone    string            // what else is half done on the site, "" for nothing
	Halted      bool              // services stand still on purpose, stores too
	Twice       bool              // the disks of the volumes must have room to restore this beside what is in use
	Drafts      int               // passes while all run
	Priority    priority.Priority // while nothing rests
	MaxRest     time.Duration     // 0: see LongestRest
	Description string
}

// Env is what the steps of a backup work with, and what they find out.
type Env struct {
	Plan
	Site      *site.Site
	Record    site.Record
	Profile   string // COMPOSE_PROFILES of the site, "" where its release has none
	Stack     Stack
	FrontDoor FrontDoor
	Watch     Watch
	Guard     Guard
	Hurry     Hurry // may be nil
	Sink      event.Sink
	Now       func() time.Time

	flaws    []string          // what the manifest says that the site lacked
	running  []string          // services that ran when it began
	laid     map[string]string // where in a volume, by its name on the Engine, a store has laid down a copy
	manifest Manifest
	taken    map[string]repository.Attributes // by volume
}

// Manifest returns what the backup came to.
func (e *Env) Manifest() Manifest { return e.manifest }
