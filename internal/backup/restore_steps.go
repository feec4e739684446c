package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/sentryctl/sentryctl/internal/backup/capture"
	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/workload"
)

func noVolumes(_ context.Context, e *RestoreEnv) (string, error) {
	if e.ConfigOnly {
		return "only the configuration is asked for", nil
	}
	return "", nil
}

func noFiles(_ context.Context, e *RestoreEnv) (string, error) {
	switch {
	case e.Kind == Clean:
		return "they have been written", nil
	case len(e.Volumes) > 0:
		return "only volumes are asked for", nil
	}
	return "", nil
}

func noStart(_ context.Context, e *RestoreEnv) (string, error) {
	if e.NoStart {
		return "the install that follows does it", nil
	}
	return "", nil
}

func keepOld(ctx context.Context, e *RestoreEnv) (string, error) {
	switch {
	case e.KeepOld:
		return "they are kept on request, under names that end in " + waitingSuffix, nil
	case e.Kind != Same:
		return "they stay until the install that follows has proven itself", nil
	}
	return noVolumes(ctx, e)
}

func notOther(_ context.Context, e *RestoreEnv) (string, error) {
	if e.Kind != Other {
		return "no other version is replaced", nil
	}
	return "", nil
}

// bring pulls and builds while the version that is replaced still serves.
func (e *RestoreEnv) bring(ctx context.Context) error {
	missing, err := e.Images.MissingImages(ctx)
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		if err := e.Images.Pull(ctx); err != nil {
			return err
		}
	}
	return e.Images.Build(ctx)
}

// rest stops the services in order, and then what else runs in the project:
// services of another version or profile.
func (e *RestoreEnv) rest(ctx context.Context) error {
	if e.Kind != Other {
		if err := e.Stack.Stop(ctx); err != nil {
			return err
		}
	}
	if e.Whole == nil {
		return nil
	}
	return e.Whole.Halt(ctx)
}

// waitingSuffix is that of the volumes that are filled, and that hold what was
// replaced after the swap.
const waitingSuffix = "-restore"

// fill writes the trees into volumes beside those in use. After the swap of a
// restore that goes on there is nothing to fill: the marks tell.
func (e *RestoreEnv) fill(ctx context.Context) error {
	list, err := e.wanted()
	if err != nil {
		return err
	}
	t := workload.Talk{Helper: workload.Helper{Name: "restore", Args: []string{"restore"}}}
	req := capture.RestoreRequest{Roots: e.Roots, Again: true, Mark: e.note.Mark, Owners: true, Force: e.Force}
	req.Access = reach(e.Access, &t)
	for _, v := range list {
		if err := e.Stack.CreateVolume(ctx, v.EngineName+waitingSuffix, ""); err != nil {
			return err
		}
		var attrs repository.Attributes
		if v.Snapshot != "" {
			if attrs, err = e.Set.Attributes(ctx, e.Repository, v.Name); err != nil {
				return err
			}
		}
		dir := helperVolumes + v.Name
		t.Mounts = append(t.Mounts, workload.Mount{Volume: v.EngineName + waitingSuffix, Path: dir})
		used := ""
		if have, err := e.Stack.VolumeExists(ctx, v.EngineName); err != nil {
			return err
		} else if have {
			used = "/used/" + v.Name
			t.Mounts = append(t.Mounts, workload.Mount{Volume: v.EngineName, Path: used, ReadOnly: true})
		}
		req.Volumes = append(req.Volumes, capture.Wanted{Name: v.Name, Dir: dir, Used: used, Snapshot: v.Snapshot, Root: v.Root, Attributes: attrs})
	}
	t.Line = func(line []byte) {
		if r, err := capture.Understand(line); err == nil && r.Progress != nil {
			e.Sink.Emit(event.Progress{Item: r.Progress.Volume, Unit: "bytes", Done: r.Progress.Done, Total: r.Progress.Total})
		}
	}
	err = e.tell(ctx, t, req)
	if fault.CodeOf(err) == fault.PreflightBlocked && !e.note.Swapping && e.Kind != Clean {
		err = errors.Join(err, e.abandon(ctx, e.note), os.RemoveAll(IncomingDir(e.Site))) // it has not begun to write
	}
	return err
}

func (e *RestoreEnv) tell(ctx context.Context, t workload.Talk, req any) error {
	return tell(ctx, e.Stack, t, req)
}

func tell(ctx context.Context, to interface {
	Talk(ctx context.Context, t workload.Talk) error
}, t workload.Talk, req any) error {
	first, err := capture.Say(req)
	if err != nil {
		return fmt.Errorf("say what to do: %w", err)
	}
	t.In = strings.NewReader(string(first))
	return to.Talk(ctx, t)
}

// helperEngine is where a helper finds the directories of the Engine's volumes.
const helperEngine = "/engine"

// swap lets the data of each volume and its replacement change places.
func (e *RestoreEnv) swap(ctx context.Context) error {
	list, err := e.wanted()
	if err != nil {
		return err
	}
	x := Swap{Mark: e.note.Mark}
	for _, v := range list {
		key := v.Name
		if v.External {
			key = ""
		}
		have, err := e.Stack.VolumeExists(ctx, v.EngineName)
		if err != nil {
			return err
		}
		if !have {
			if err := e.Stack.CreateVolume(ctx, v.EngineName, key); err != nil {
				return err
			}
		}
		x.Pairs = append(x.Pairs, VolumePair{Used: v.EngineName, Waiting: v.EngineName + waitingSuffix})
	}
	e.note.Swapping = true
	if err := e.note.Write(e.Site); err != nil {
		return err
	}
	return x.Do(ctx, e.Stack)
}

// inEngine is a volume's directory as a helper sees it.
func inEngine(dir string) string {
	return path.Join(helperEngine, filepath.Base(filepath.Dir(dir)), filepath.Base(dir))
}

// files writes the site's files of the backup over those in use, sentryctl's
// own among them; what belongs to the machine stays. Another version's files
// give way as a whole.
func (e *RestoreEnv) files(ctx context.Context) error {
	if e.Kind == Other {
		return Exchange(e.Site)
	}
	err := PlaceOver(ctx, e.Repository, e.Set, e.Site)
	if err == nil && e.KeepHost != nil {
		err = e.KeepHost(ctx)
	}
	if err == nil && e.Reopen != nil {
		e.Stack, e.FrontDoor, err = e.Reopen(ctx)
	}
	return err
}

// PlaceOver writes the site's files of a backup over those in use; what belongs
// to the machine stays.
func PlaceOver(ctx context.Context, rep *repository.Repository, set Set, s *site.Site) error {
	return PlaceSite(ctx, rep, set, s.Dir, func(p string) bool {
		own, is := strings.CutPrefix(p, ownFiles+"/")
		return is && stays(own)
	})
}

// PlaceSite writes the site's files of a backup into a directory.
func PlaceSite(ctx context.Context, rep *repository.Repository, s Set, dir string, skip func(string) bool) error {
	attrs, err := s.Attributes(ctx, rep, "")
	if err != nil {
		return err
	}
	one, err := rep.Get(ctx, s.SiteFiles.Snapshot)
	if err != nil {
		return err
	}
	return rep.Restore(ctx, repository.RestoreOptions{Snapshot: one, Dir: dir, Attributes: attrs, Over: true, Skip: skip, SkipOwners: os.Getuid() != 0})
}

// clean removes the volumes that hold what was replaced, and the note.
func (e *RestoreEnv) clean(ctx context.Context) error {
	list, err := e.wanted()
	if err != nil {
		return err
	}
	for _, v := range list {
		if err := e.Stack.RemoveVolume(ctx, v.EngineName+waitingSuffix); err != nil {
			return err
		}
	}
	return nil
}

// Finish removes what was replaced, once the install that followed has proven
// that the site works, and then the note.
func (e *RestoreEnv) Finish(ctx context.Context) error {
	if e.Kind == Other {
		if _, err := e.Whole.RemoveOrphans(ctx); err != nil {
			return err
		}
	}
	if !e.KeepOld {
		if err := e.clean(ctx); err != nil {
			return err
		}
		if err := os.RemoveAll(ReplacedDir(e.Site)); err != nil {
			return fmt.Errorf("remove the files that were replaced: %w", err)
		}
	}
	return ForgetRestore(e.Site)
}

// Done is ForgetRestore for the restore that e was for.
func (e *RestoreEnv) Done() error { return ForgetRestore(e.Site) }
