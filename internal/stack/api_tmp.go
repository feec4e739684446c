package stack

import (
	"context"
	"errors"
)

func (s *Stack) Settled(ctx context.Context, services ...string) (bool, error) {
	return false, errors.ErrUnsupported
}
func (s *Stack) MissingImages(ctx context.Context) ([]string, error) {
	return nil, errors.ErrUnsupported
}
func (s *Stack) Pull(ctx context.Context) error  { return errors.ErrUnsupported }
func (s *Stack) Build(ctx context.Context) error { return errors.ErrUnsupported }
func (s *Stack) BuiltImagesPresent(ctx context.Context) (bool, error) {
	return false, errors.ErrUnsupported
}
