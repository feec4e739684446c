// Package install owns the steps that make a running site out of a release:
// what upstream's installer does for 23.6.2 to 26.8.0, each step with the
// versions to which it applies. It reaches the Engine and the network through
// the interfaces below and never prints.
package install

import (
	"context"
	"io/fs"
	"sync"
	"time"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// Images brings the images of the project to the Engine.
type Images interface {
	MissingImages(ctx context.Context) ([]string, error)
	Pull(ctx context.Context) error
	BuiltImagesPresent(ctx context.Context) (bool, error)
	Build(ctx context.Context) error
}

// Volumes looks after the volumes that outlive the project, and reads files
// without starting anything. A read's error wraps fs.ErrNotExist when the
// file, or what holds it, is not there.
type Volumes interface {
	MissingVolumes(ctx context.Context) ([]string, error)
	EnsureVolumes(ctx context.Context) (created []string, err error)
	ReadVolumeFile(ctx context.Context, volume, path string) ([]byte, error)
	ReadImageFile(ctx context.Context, image, path string) ([]byte, error)
}

// Commands runs commands inside the project.
type Commands interface {
	RunOneOff(ctx context.Context, c workload.OneOff) (workload.Result, error)
	Exec(ctx context.Context, service string, c workload.Exec) (workload.Result, error)
	RunHelper(ctx context.Context, h workload.Helper) ([]byte, error)
}

// Services starts and watches the services of the project. No names means all.
type Services interface {
	Start(ctx context.Context, services ...string) error
	Stop(ctx context.Context, services ...string) error
	Status(ctx context.Context) ([]workload.Status, error)
	// Settled tells whether all services run as the files on disk say now.
	Settled(ctx context.Context, services ...string) (bool, error)
}

// Stack is the project of a site on its Engine.
type Stack interface {
	Images
	Volumes
	Commands
	Services
	Model() release.Model
}

// Downloads fetches a small public file.
type Downloads interface {
	Download(ctx context.Context, url string, limit int64) ([]byte, error)
}

// GeoIP updates the IP geolocation database in dir with the account in conf.
type GeoIP interface {
	Update(ctx context.Context, conf, dir string) error
}

// FrontDoor is the site as a browser sees it. Answers asks once; Prove asks
// until it answers or the time for it is over.
type FrontDoor interface {
	Answers(ctx context.Context) error
	Prove(ctx context.Context) error
}

// File is a file to be written below the site directory.
type File struct {
	Path string // slash-separated, relative
	Mode fs.FileMode
	Data []byte
}

// Plan is what this install is asked to come to. It holds no secret but the
// admin's password, which no event, error or journal sees.
type Plan struct {
	Version         calver.Version
	Tree            release.Tree // the pristine tree
	Profile         string
	RetentionDays   int
	AdminEmail      string
	AdminPassword   []byte
	JSSDK           bool
	JSSDKSource     string
	CertificatesDir string // a directory of .crt files to trust, or ""
	CustomCA        bool
	GeoIP           bool
	NoStart         bool
	Render          func() ([]File, error) // configuration for the site as it now is on disk
}

// Env is what the steps work with.
type Env struct {
	Plan
	Site      *site.Site
	Staged    Images                               // the project read from the pristine tree, before the site has files
	Open      func(context.Context) (Stack, error) // the project read from the site
	Record    func() site.Record                   // the record to keep, State not set
	Downloads Downloads
	GeoIPs    GeoIP
	FrontDoor FrontDoor
	Restored  func(context.Context, Stack) error // what restored data needs before services start; may be nil
	Sink      event.Sink
	Now       func() time.Time

	mu         sync.Mutex
	stack      Stack
	incomplete []event.Notice
}

// Stack returns the project of the site. It is read again after the files
// that define it have been written.
func (e *Env) Stack(ctx context.Context) (Stack, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stack != nil {
		return e.stack, nil
	}
	s, err := e.Open(ctx)
	if err != nil {
		return nil, err
	}
	e.stack = s
	return s, nil
}

func (e *Env) forgetStack() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stack = nil
}

// lacks notes something optional that could not be done: the install goes on
// and ends as incomplete.
func (e *Env) lacks(text, hint string) {
	n := event.Notice{Level: "warn", Text: text, Hint: hint}
	e.incomplete = append(e.incomplete, n)
	e.Sink.Emit(n)
}

// Incomplete returns what could not be done.
func (e *Env) Incomplete() []event.Notice { return e.incomplete }
