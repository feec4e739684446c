package site

import (
	"fmt"
	"os"
	"strings"

	"github.com/gofrs/flock"

	"github.com/sentryctl/sentryctl/internal/fault"
)

// Lock takes the site's lock for one run and returns what gives it back. The
// kernel drops it when the process ends in whatever way. When another run
// holds it the fault is Locked and names that run's process and command.
func (s *Site) Lock(command string) (unlock func() error, err error) {
	path := s.Own("lock")
	l := flock.New(path, flock.SetPermissions(0o600))
	got, err := l.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock site: %w", err)
	}
	if !got {
		return nil, fault.New(fault.Locked, "Wait for it to end, or stop that process", "another run holds the lock of %s: %s", s.Dir, holder(path))
	}
	if err := os.WriteFile(path, fmt.Appendf(nil, "pid %d: %s\n", os.Getpid(), command), 0o600); err != nil {
		return nil, fmt.Errorf("write lock holder: %w", err)
	}
	return l.Unlock, nil
}

func holder(path string) string {
	data, err := os.ReadFile(path)
	text := strings.TrimSpace(string(data))
	if err != nil || text == "" {
		return "unknown process"
	}
	return text
}
