package stack

import (
	"context"
	"fmt"
	"regexp"

	"github.com/moby/moby/client"
)

// replacing is how Compose calls a container until the one that it replaces is
// gone: the ID of that one stands before the name.
var replacing = regexp.MustCompile(`^/[0-9a-f]{12}_(.+)$`)

// giveNames gives containers their names that a replacement which was cut off has
// left without. Compose would take them as they are, and an admin not find them.
func (s *Stack) giveNames(ctx context.Context) error {
	list, err := s.containers(ctx)
	if err != nil {
		return err
	}
	taken := map[string]bool{}
	for _, c := range list {
		for _, name := range c.Names {
			taken[name] = true
		}
	}
	for _, c := range list {
		for _, name := range c.Names {
			m := replacing.FindStringSubmatch(name)
			if m == nil || taken["/"+m[1]] {
				continue
			}
			if _, err := s.api.ContainerRename(ctx, c.ID, client.ContainerRenameOptions{NewName: m[1]}); err != nil {
				return gone(fmt.Errorf("give container %s its name: %w", name, err))
			}
		}
	}
	return nil
}
