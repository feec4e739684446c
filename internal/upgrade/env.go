// Package upgrade owns how a site is taken from one release to the next, and
// back: a hop's steps, what is made ready before anything stops, the
// checkpoint, and the rollback. It reaches the Engine through the interfaces
// below and never prints. The path comes from upgrade/plan, what install does
// in common from internal/install, data from and to the repository from
// internal/backup.
package upgrade

import (
	"context"
	"io/fs"
	"sync"
	"time"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/install"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// KeptImages keeps the images that are built from a tree over the next build.
type KeptImages interface {
	KeepUsed(ctx context.Context, tag string) error
	KeepBuilt(ctx context.Context, tag string) error
	UseKept(ctx context.Context, tag string) error
	ForgetKept(ctx context.Context, tag string) error
}

// Whole deals with all containers of the project, also those that its files
// do not name.
type Whole interface {
	Halt(ctx context.Context) error
	EndOneOffs(ctx context.Context) error
	RemoveOrphans(ctx context.Context) (services []string, err error)
	Logs(ctx context.Context, service string, lines int) ([]byte, error)
}

// OtherVolumes deals with volumes that no file of the project names.
type OtherVolumes interface {
	CreateVolume(ctx context.Context, name, key string) error
	RemoveVolume(ctx context.Context, name string) error
	VolumeExists(ctx context.Context, name string) (bool, error)
	backup.Places
}

// Pipes runs commands whose input and output pass through unkept.
type Pipes interface {
	ClearLeftover(ctx context.Context, name string) error
	Pipe(ctx context.Context, o workload.OneOff, c workload.Streams) (exitCode int, err error)
}

// Stack is a project on its Engine.
type Stack interface {
	install.Stack
	KeptImages
	Whole
	OtherVolumes
	Pipes
}

// Rung is a version of ClickHouse that is started on the data on the way.
type Rung struct {
	Version string
	Series  string // what its own version begins with: "24.8"
	Image   string
}

// Hop is one release to the next.
type Hop struct {
	From, To calver.Version
	Tree     release.Tree // of To
	Rungs    []Rung       // before the release's own ClickHouse starts
	Postgres *Beside      `json:",omitempty"` // another major version of PostgreSQL, nil for none
	NewKafka bool         `json:",omitempty"` // Kafka leaves ZooKeeper
	Ahead    []string     // trees of the releases after it
}

// Projects gives the project of a directory on the Engine.
type Projects struct {
	Open func(ctx context.Context, dir string) (Stack, error)
	// Rung is the site's project, with another image for ClickHouse.
	Rung func(ctx context.Context, image string) (Stack, error)
	// Beside is the project that was laid out for the hop, with another volume
	// in the place of one.
	Beside func(ctx context.Context, key, volume string) (Stack, error)
	// Ahead is the project that a release's tree would make of the site.
	Ahead func(ctx context.Context, tree string) (Stack, error)
}

// Work is what a hop needs of others.
type Work struct {
	// Render gives the files that the answers ask for of a site in disk.
	Render func(v calver.Version, pristine, disk fs.FS) ([]install.File, error)
	// Install wires the steps of an install to the site as it now is.
	Install func(ctx context.Context, s Stack) (*install.Env, error)
	// Backup wires the steps of a backup into the checkpoint's repository.
	Backup func(ctx context.Context, set string, mode backup.Mode) (*backup.Env, error)
	// Gate asks whether the site works.
	Gate func(ctx context.Context, s Stack) error
}

// Env is what the steps of a hop work with.
type Env struct {
	Hop        Hop
	Run        string
	Set        string // names the checkpoint
	StopIngest bool
	NoRollback bool          // a hop that fails stays as it is
	StopBefore time.Time     // the end of the window, zero for none
	Predicted  time.Duration // for how long the hop interrupts
	Record     site.Record   // to be written when the hop has proven to work
	Site       *site.Site
	Projects   Projects
	Work       Work
	Sink       event.Sink
	Now        func() time.Time

	mu    sync.Mutex
	stack Stack
	inst  *install.Env
}

// Stack is the project of the site as its files are now.
func (e *Env) Stack(ctx context.Context) (Stack, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stack == nil {
		s, err := e.Projects.Open(ctx, e.Site.Dir)
		if err != nil {
			return nil, err
		}
		e.stack = s
	}
	return e.stack, nil
}

// forget lets the project be read anew, after its files were written.
func (e *Env) forget() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stack, e.inst = nil, nil
}

// installer gives the environment of install's steps.
func (e *Env) installer(ctx context.Context) (*install.Env, error) {
	s, err := e.Stack(ctx)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.inst == nil {
		if e.inst, err = e.Work.Install(ctx, s); err != nil {
			return nil, err
		}
	}
	return e.inst, nil
}

// own joins elements onto the directory of upgrades in the site.
func own(s *site.Site, elem ...string) string {
	return s.Own(append([]string{"upgrade"}, elem...)...)
}

// keptTag is the second name of a version's own images.
func keptTag(v calver.Version) string { return "sentryctl-" + v.String() }
