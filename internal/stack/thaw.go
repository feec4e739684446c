package stack

import (
	"context"
	"fmt"
	"time"

	"github.com/moby/moby/api/types/mount"

	"github.com/sentryctl/sentryctl/internal/cgroup"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// thawTimeout bounds a helper that thaws.
const thawTimeout = time.Minute

// freezer is what is done with a control group past the Engine. word is the
// helper's name for it.
type freezer struct {
	word string
	here func(tree string, ids ...string) (left []string, err error)
}

var (
	thaw   = freezer{"thaw", cgroup.Thaw}
	freeze = freezer{"freeze", cgroup.Freeze}
)

// past does it: here, where this process may and the Engine is of this
// machine, else in a helper container, which is on the Engine's machine and
// root there.
func (e *Engine) past(ctx context.Context, do freezer, id string) error {
	if e.groups != "" {
		if left, err := do.here(e.groups, id); err == nil && len(left) == 0 {
			return nil
		}
	}
	ctx, cancel := context.WithTimeout(ctx, thawTimeout)
	defer cancel()
	if err := e.pastByHelper(ctx, do, id); err != nil {
		return fmt.Errorf("%s the control group of %.12s: %w", do.word, id, err)
	}
	return nil
}

func (e *Engine) pastByHelper(ctx context.Context, do freezer, id string) error {
	image, err := e.EnsureHelper(ctx)
	if err != nil {
		return err
	}
	o := helperContainer(image, workload.Helper{Args: []string{do.word, id}})
	o.HostConfig.Mounts = []mount.Mount{{Type: mount.TypeBind, Source: cgroup.Tree, Target: cgroup.Mounted}}
	// Neither a mapped root nor a confined one may write there.
	o.HostConfig.UsernsMode, o.HostConfig.SecurityOpt = "host", []string{"label=disable"}
	_, err = e.runMade(ctx, o, nil)
	return err
}
