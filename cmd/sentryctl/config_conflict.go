package main

import (
	"context"
	"fmt"
	"io/fs"
	"slices"

	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/config/merge"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/ui/tui"
)

// refuseConflicts stands between an admin's edit and the loss of it.
func refuseConflicts(found []config.Finding) error {
	bad := config.Conflicts(found)
	for i := range bad {
		bad[i].Severity = config.Err
	}
	if err := config.Refuse(bad, "your edit would be lost"); err != nil {
		return fault.New(fault.Usage, bad[0].Hint, "%w", err).WithDoc("docs/configuration.md#edits-by-hand")
	}
	return nil
}

// settle returns those edits by hand that are to be kept. Told to stop, it
// asks about each where somebody is there to answer, and refuses elsewhere.
func (a *app) settle(ctx context.Context, found []config.Finding, how merge.Resolve, ask bool) (mine []config.Finding, err error) {
	conflicts := config.Conflicts(found)
	switch {
	case how == merge.Mine:
		return conflicts, nil
	case how == merge.Theirs, len(conflicts) == 0:
		return nil, nil
	case !ask || !a.canAsk():
		return nil, refuseConflicts(found)
	}
	for i, f := range conflicts {
		fmt.Fprintf(a.stderr, "\nConflict %d of %d: %s\n", i+1, len(conflicts), f.Error())
		answer, err := tui.Choose(ctx, a.stdin, a.stderr, "Keep yours, take the answers', or stop?", "yours", "answers", "stop")
		if err != nil {
			return nil, err
		}
		switch answer {
		case "yours":
			mine = append(mine, f)
		case "stop":
			return nil, fault.New(fault.Cancelled, "Run the same command again when you are ready", "stopped; nothing was changed")
		}
	}
	fmt.Fprintln(a.stderr)
	return mine, nil
}

// keepsPython tells whether one of the edits is of the Python block.
func keepsPython(mine []config.Finding) bool {
	return slices.ContainsFunc(mine, func(f config.Finding) bool { return f.Key == "" && f.File == confPy })
}

const confPy = "sentry/sentry.conf.py"

// keptFiles gives the rendered files with the edits of Python that are kept.
func keptFiles(files []config.File, disk fs.FS, mine []config.Finding) ([]config.File, error) {
	if !keepsPython(mine) {
		return files, nil
	}
	return config.KeepPython(files, disk)
}
