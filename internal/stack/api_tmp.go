package stack

import (
	"context"
	"errors"
)

// OneOff is a command run once in a container made like a service's.
type OneOff struct {
	Service    string
	Entrypoint []string // nil: the service's
	Command    []string // nil: the service's
	Env        map[string]string
	Stdin      []byte // for secrets: never logged, not visible in inspect
	User       string
	NoDeps     bool   // do not start what the service depends on
	Name       string // stable, so that a left-over is found after a crash
	Quiet      bool   // output is not sent as Log events
}

// Exec is a command run in a running service container.
type Exec struct {
	Command []string
	Stdin   []byte
	User    string
	Env     []string
	Quiet   bool
}

// Result is what a command left behind. A non-zero ExitCode is not an error.
type Result struct {
	Stdout, Stderr []byte
	ExitCode       int
}

// ServiceStatus is the state of one service's container, as Docker tells it.
type ServiceStatus struct {
	Service   string `json:"service"`
	Container string `json:"container"`
	State     string `json:"state"`
	Health    string `json:"health,omitempty"`
	Restarts  int    `json:"restarts"`
	ExitCode  int    `json:"exit_code"`
}

// DownOptions says what goes besides the containers and networks. Volumes
// never go.
type DownOptions struct {
	RemoveOrphans bool
}

// Helper is one run of this binary in a container.
type Helper struct {
	Args    []string
	Env     []string
	Stdin   []byte
	Mounts  []Mount
	Network string // "" for none
	Nofile  int64  // hard and soft limit of open files, 0 for the daemon's default
	Name    string
}

// Mount gives a helper one volume.
type Mount struct {
	Volume, Path string
	ReadOnly     bool
}

// ErrNofileRefused says that the daemon cannot grant the limit asked for.
var ErrNofileRefused = errors.New("the Docker Engine cannot grant that many open files")

func (s *Stack) EnsureVolumes(ctx context.Context) ([]string, error) {
	return nil, errors.ErrUnsupported
}
func (s *Stack) MissingImages(ctx context.Context) ([]string, error) {
	return nil, errors.ErrUnsupported
}
func (s *Stack) Pull(ctx context.Context) error  { return errors.ErrUnsupported }
func (s *Stack) Build(ctx context.Context) error { return errors.ErrUnsupported }
func (s *Stack) BuiltImagesPresent(ctx context.Context) (bool, error) {
	return false, errors.ErrUnsupported
}
func (s *Stack) RunOneOff(ctx context.Context, o OneOff) (Result, error) {
	return Result{}, errors.ErrUnsupported
}
func (s *Stack) Exec(ctx context.Context, service string, x Exec) (Result, error) {
	return Result{}, errors.ErrUnsupported
}
func (s *Stack) Start(ctx context.Context, services ...string) error { return errors.ErrUnsupported }
func (s *Stack) WaitReady(ctx context.Context, services ...string) error {
	return errors.ErrUnsupported
}
func (s *Stack) Status(ctx context.Context) ([]ServiceStatus, error) {
	return nil, errors.ErrUnsupported
}
func (s *Stack) Stop(ctx context.Context, services ...string) error { return errors.ErrUnsupported }
func (s *Stack) Down(ctx context.Context, o DownOptions) error      { return errors.ErrUnsupported }
func (e *Engine) ReadVolumeFile(ctx context.Context, volume, path string) ([]byte, error) {
	return nil, errors.ErrUnsupported
}
func (e *Engine) EnsureHelper(ctx context.Context) (string, error) { return "", errors.ErrUnsupported }
func (e *Engine) RunHelper(ctx context.Context, h Helper) ([]byte, error) {
	return nil, errors.ErrUnsupported
}
func (s *Stack) ReadVolumeFile(ctx context.Context, volume, path string) ([]byte, error) {
	return s.engine.ReadVolumeFile(ctx, volume, path)
}
func (s *Stack) EnsureHelper(ctx context.Context) (string, error) { return s.engine.EnsureHelper(ctx) }
func (s *Stack) RunHelper(ctx context.Context, h Helper) ([]byte, error) {
	return s.engine.RunHelper(ctx, h)
}
