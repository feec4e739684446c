package stack

import (
	"context"
	"errors"

	"github.com/sentryctl/sentryctl/internal/workload"
)

// DownOptions says what goes besides the containers and networks. Volumes
// never go.
type DownOptions struct {
	RemoveOrphans bool
}

// ErrNofileRefused says that the daemon cannot grant the limit asked for.
var ErrNofileRefused = errors.New("the Docker Engine cannot grant that many open files")

func (s *Stack) MissingVolumes(ctx context.Context) ([]string, error) {
	return nil, errors.ErrUnsupported
}
func (s *Stack) Settled(ctx context.Context, services ...string) (bool, error) {
	return false, errors.ErrUnsupported
}
func (e *Engine) ReadImageFile(ctx context.Context, image, path string) ([]byte, error) {
	return nil, errors.ErrUnsupported
}
func (s *Stack) ReadImageFile(ctx context.Context, image, path string) ([]byte, error) {
	return s.engine.ReadImageFile(ctx, image, path)
}
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
func (s *Stack) RunOneOff(ctx context.Context, o workload.OneOff) (workload.Result, error) {
	return workload.Result{}, errors.ErrUnsupported
}
func (s *Stack) Exec(ctx context.Context, service string, x workload.Exec) (workload.Result, error) {
	return workload.Result{}, errors.ErrUnsupported
}
func (s *Stack) Start(ctx context.Context, services ...string) error { return errors.ErrUnsupported }
func (s *Stack) WaitReady(ctx context.Context, services ...string) error {
	return errors.ErrUnsupported
}
func (s *Stack) Status(ctx context.Context) ([]workload.Status, error) {
	return nil, errors.ErrUnsupported
}
func (s *Stack) Stop(ctx context.Context, services ...string) error { return errors.ErrUnsupported }
func (s *Stack) Down(ctx context.Context, o DownOptions) error      { return errors.ErrUnsupported }
func (e *Engine) ReadVolumeFile(ctx context.Context, volume, path string) ([]byte, error) {
	return nil, errors.ErrUnsupported
}
func (e *Engine) EnsureHelper(ctx context.Context) (string, error) { return "", errors.ErrUnsupported }
func (e *Engine) RunHelper(ctx context.Context, h workload.Helper) ([]byte, error) {
	return nil, errors.ErrUnsupported
}
func (s *Stack) ReadVolumeFile(ctx context.Context, volume, path string) ([]byte, error) {
	return s.engine.ReadVolumeFile(ctx, volume, path)
}
func (s *Stack) EnsureHelper(ctx context.Context) (string, error) { return s.engine.EnsureHelper(ctx) }
func (s *Stack) RunHelper(ctx context.Context, h workload.Helper) ([]byte, error) {
	return s.engine.RunHelper(ctx, h)
}
