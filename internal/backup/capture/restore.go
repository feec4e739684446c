package capture

import (
	"context"

	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/internal/fault"
)

// RestoreRequest is the first line that a restoring helper hears.
type RestoreRequest struct {
	Access  repository.Access `json:"access"`
	Roots   string            `json:"roots,omitempty"`
	Volumes []Wanted          `json:"volumes"`
	Again   bool              `json:"again,omitempty"` // go on where a run before ended
	Mark    string            `json:"mark,omitempty"`  // is put on each directory that is complete
	Owners  bool              `json:"owners"`          // false: all files become this user's
	Force   bool              `json:"force,omitempty"` // whatever room there is
}

// Wanted is a tree to write into a directory.
type Wanted struct {
	Name       string                `json:"name"`
	Dir        string                `json:"dir"`
	Used       string                `json:"used,omitempty"` // where it goes later; complete there: nothing is left to do
	Snapshot   string                `json:"snapshot"`       // "": it is to be empty
	Root       string                `json:"root"`           // the digest that the manifest tells
	Attributes repository.Attributes `json:"attributes"`
}

// complete tells whether a run before has written the tree, wherever it is by
// now.
func (w Wanted) complete(mark string) (bool, error) {
	if done, err := inPlace(w.Used, mark); err != nil || done {
		return done, err
	}
	return inPlace(w.Dir, mark)
}

// Restore writes the trees. One whose digest is not that of the manifest is
// not begun.
func Restore(ctx context.Context, req RestoreRequest, say func(Report)) error {
	if err := trust(req.Roots); err != nil {
		return err
	}
	rep, err := repository.Open(ctx, req.Access)
	if err != nil {
		return err
	}
	defer rep.Close(context.WithoutCancel(ctx))
	if !req.Force {
		if err := roomToRestore(ctx, rep, req); err != nil {
			return err
		}
	}
	for _, w := range req.Volumes {
		if done, err := w.complete(req.Mark); err != nil {
			return err
		} else if done {
			continue
		}
		if w.Snapshot == "" {
			if err := mark(w.Dir, req.Mark); err != nil {
				return err
			}
			continue
		}
		s, err := rep.Get(ctx, w.Snapshot)
		if err != nil {
			return err
		}
		if s.Root != w.Root {
			return fault.New(fault.Integrity, "Restore another snapshot: sentryctl backup list", "%s is not what its manifest says: %s, not %s", w.Name, s.Root, w.Root)
		}
		if req.Again {
			if err := distrust(w.Dir); err != nil {
				return err
			}
		}
		err = rep.Restore(ctx, repository.RestoreOptions{
			Snapshot: s, Dir: w.Dir, Attributes: w.Attributes, Again: req.Again, SkipOwners: !req.Owners,
			Progress: func(done, total int64) { say(Report{Progress: &Progress{Volume: w.Name, Done: done, Total: total}}) },
		})
		if err != nil {
			return err
		}
		if err := mark(w.Dir, req.Mark); err != nil {
			return err
		}
		say(Report{Restored: &Progress{Volume: w.Name, Done: s.Bytes, Total: s.Bytes}})
	}
	return nil
}
