package backup

import (
	"context"
	"time"

	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/step"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// VolumeStore makes and removes volumes, and knows where their data lies.
type VolumeStore interface {
	VolumeExists(ctx context.Context, name string) (bool, error)
	CreateVolume(ctx context.Context, name, key string) error
	RemoveVolume(ctx context.Context, name string) error
	VolumeDirs(ctx context.Context, names ...string) (map[string]string, error)
}

// RestoreStack is the project that is brought back.
type RestoreStack interface {
	VolumeStore
	executor
	Stop(ctx context.Context, services ...string) error
	Start(ctx context.Context, services ...string) error
	Talk(ctx context.Context, t workload.Talk) error
	Model() release.Model
}

// Whole is the project with what its files do not name any more.
type Whole interface {
	Halt(ctx context.Context) error
	RemoveOrphans(ctx context.Context) (services []string, err error)
}

// Images brings the images of a project to the Engine.
type Images interface {
	MissingImages(ctx context.Context) ([]string, error)
	Pull(ctx context.Context) error
	Build(ctx context.Context) error
}

// Reopen gives the project and its front door as files say that were placed.
type Reopen func(ctx context.Context) (RestoreStack, FrontDoor, error)

// RestoreEnv is what the steps of a restore work with.
type RestoreEnv struct {
	Asked
	Access     repository.Access
	Roots      string
	Repository *repository.Repository
	Set        Set
	NoStart    bool // the services are started by what comes after
	Groups     bool // the consumer groups are set although nothing is started

	Site      *site.Site
	Stack     RestoreStack
	Whole     Whole                       // may be nil, but for Other
	Images    Images                      // for Other: those of the backup's version
	KeepHost  func(context.Context) error // writes what belongs to the host into files that were placed; may be nil
	Reopen    Reopen                      // may be nil
	FrontDoor FrontDoor
	Sink      event.Sink
	Now       func() time.Time

	note Restoring
	lack string // what could not be done, "" for nothing
}

// RestoreStep is a step of a restore.
type RestoreStep = step.Step[*RestoreEnv]

// RestoreSteps lists them in order. The data in place is not touched before
// its replacement is complete, and goes only when the site has proven to work.
// Each step can be repeated: what is done is found as it is.
func RestoreSteps() []RestoreStep {
	return []RestoreStep{
		{ID: "begin-restore", Title: "See that the backup is whole", Idempotent: true, Always: true, Run: run((*RestoreEnv).begin)},
		{ID: "bring-images", Title: "Bring the images of the backup's version", Idempotent: true, Always: true, Skip: notOther, Run: run((*RestoreEnv).bring)},
		{ID: "fill-volumes", Title: "Write the backup into new volumes", Idempotent: true, Always: true, Skip: noVolumes, Run: run((*RestoreEnv).fill)},
		{ID: "stop-services", Title: "Stop the services", Idempotent: true, Always: true, Run: run((*RestoreEnv).rest)},
		{ID: "swap-volumes", Title: "Put the new volumes in place", Idempotent: true, Always: true, Skip: noVolumes, Run: run((*RestoreEnv).swap)},
		{ID: "restore-site", Title: "Write the site's files", Idempotent: true, Always: true, Skip: noFiles, Run: run((*RestoreEnv).files)},
		{ID: "set-consumer-groups", Title: "Set Kafka's consumer groups", Idempotent: true, Always: true, Skip: noGroups, Run: run((*RestoreEnv).groups)},
		{ID: "start-restored", Title: "Start the services", Idempotent: true, Always: true, Skip: noStart, Run: func(ctx context.Context, e *RestoreEnv) error { return e.Stack.Start(ctx) }},
		{ID: restoreProof, Title: "See that the front door answers", Idempotent: true, Always: true, Skip: noStart, Run: func(ctx context.Context, e *RestoreEnv) error { return e.FrontDoor.Prove(ctx) }},
		{ID: "remove-replaced", Title: "Remove what was replaced", Idempotent: true, Always: true, Skip: keepOld, Run: run((*RestoreEnv).clean)},
	}
}

const restoreProof step.ID = "prove-restored"

// RestoreProven tells that the restored site has proven to work.
func RestoreProven(records []step.Record) bool { return step.Did(records, restoreProof) }

// RestoreRest is what is left of a restore that goes on: a site that has proven to work
// serves, and is not stopped again, nor are its consumer groups set once more.
func RestoreRest(records []step.Record) []RestoreStep {
	return step.Rest(RestoreSteps(), records, restoreProof, "begin-restore")
}

// run makes a step's function of a method.
func run(method func(*RestoreEnv, context.Context) error) func(context.Context, *RestoreEnv) error {
	return func(ctx context.Context, e *RestoreEnv) error { return method(e, ctx) }
}
