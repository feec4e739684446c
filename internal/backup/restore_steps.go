package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sentryctl/sentryctl/internal/backup/capture"
	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/release"
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
	case e.Fresh:
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
	if e.KeepOld {
		return "they are kept on request, under names that end in " + waitingSuffix, nil
	}
	return noVolumes(ctx, e)
}

// waitingSuffix is that of the volumes that are filled, and that hold what was
// replaced after the swap.
const waitingSuffix = "-restore"

// restoring is the note of a restore under way.
type restoring struct {
	Set  string `json:"set"`
	Mark string `json:"mark"`
}

func restorePath(s *site.Site) string { return s.Own("backup", "restore.json") }

// begin takes up a restore of this backup that was cut short, or notes a new
// one.
func (e *RestoreEnv) begin(ctx context.Context) error {
	if _, err := e.Set.Snapshots(ctx, e.Repository); err != nil {
		return err
	}
	for _, name := range e.Volumes {
		if !slices.ContainsFunc(e.Set.Volumes, func(v SavedVolume) bool { return v.is(name) }) {
			return fault.New(fault.Usage, "Look what it holds: sentryctl backup show "+e.Set.ID(), "backup %s holds no volume %s", e.Set.ID(), name)
		}
	}
	var note restoring
	data, err := os.ReadFile(restorePath(e.Site))
	if err == nil {
		err = json.Unmarshal(data, &note)
	}
	switch {
	case err == nil && note.Set == e.Set.ID():
		e.mark = note.Mark
		return nil
	case err == nil:
		return fault.New(fault.Resumable, "Finish it first: sentryctl restore "+note.Set, "a restore of backup %s did not come to its end", note.Set)
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("read the note of a restore: %w", err)
	}
	if err := e.noLeftovers(ctx); err != nil {
		return err
	}
	e.mark = e.Set.ID() + "/" + e.Now().UTC().Format(time.RFC3339Nano)
	if data, err = json.Marshal(restoring{Set: e.Set.ID(), Mark: e.mark}); err != nil {
		return fmt.Errorf("note the restore: %w", err)
	}
	return site.WriteFile(restorePath(e.Site), data, 0o600)
}

// noLeftovers refuses to write over what a restore before has kept.
func (e *RestoreEnv) noLeftovers(ctx context.Context) error {
	list, err := e.wanted()
	if err != nil {
		return err
	}
	for _, v := range list {
		name := v.EngineName + waitingSuffix
		if have, err := e.Stack.VolumeExists(ctx, name); err != nil {
			return err
		} else if have {
			return fault.New(fault.PreflightBlocked, "Look at it, then: docker volume rm "+name, "volume %s is left from a restore before", name)
		}
	}
	return nil
}

// wanted are the volumes to bring back, each with its name on this Engine,
// which is not that of the backup where the project has another name.
func (e *RestoreEnv) wanted() ([]SavedVolume, error) {
	var list []SavedVolume
	for _, v := range e.Set.Volumes {
		if len(e.Volumes) > 0 && !slices.ContainsFunc(e.Volumes, v.is) {
			continue
		}
		i := slices.IndexFunc(e.Stack.Model().Volumes, func(m release.Volume) bool { return m.Name == v.Name })
		if i < 0 {
			return nil, fault.New(fault.UpgradeBlocked, "Install the release of the backup first", "this release has no volume %s", v.Name)
		}
		v.EngineName, v.External = e.Stack.Model().Volumes[i].EngineName, e.Stack.Model().Volumes[i].External
		list = append(list, v)
	}
	return list, nil
}

// fill writes the trees into volumes beside those in use. After the swap of a
// restore that goes on there is nothing to fill: the marks tell.
func (e *RestoreEnv) fill(ctx context.Context) error {
	list, err := e.wanted()
	if err != nil {
		return err
	}
	t := workload.Talk{Helper: workload.Helper{Name: "restore", Args: []string{"restore"}}}
	req := capture.RestoreRequest{Roots: e.Roots, Again: true, Mark: e.mark, Owners: true, Force: e.Force}
	req.Access = reach(e.Access, &t)
	for _, v := range list {
		if err := e.Stack.CreateVolume(ctx, v.EngineName+waitingSuffix, ""); err != nil {
			return err
		}
		attrs, err := e.Set.Attributes(ctx, e.Repository, v.Name)
		if err != nil {
			return err
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
	return e.tell(ctx, t, req)
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
	var names []string
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
		names = append(names, v.EngineName, v.EngineName+waitingSuffix)
	}
	dirs, err := e.Stack.VolumeDirs(ctx, names...)
	if err != nil {
		return err
	}
	t := workload.Talk{Helper: workload.Helper{Name: "swap", Args: []string{"swap"}}, Line: func([]byte) {}}
	req := capture.SwapRequest{Mark: e.mark}
	for i, v := range list {
		if i == 0 {
			t.HostMounts = []workload.HostMount{{Host: filepath.Dir(filepath.Dir(dirs[v.EngineName])), Path: helperEngine}}
		}
		req.Pairs = append(req.Pairs, capture.Pair{Used: inEngine(dirs[v.EngineName]), Waiting: inEngine(dirs[v.EngineName+waitingSuffix])})
	}
	return e.tell(ctx, t, req)
}

// inEngine is a volume's directory as a helper sees it.
func inEngine(dir string) string {
	return path.Join(helperEngine, filepath.Base(filepath.Dir(dir)), filepath.Base(dir))
}

// files writes the configuration of the backup over that of the site. What
// sentryctl itself knows of the site stays.
func (e *RestoreEnv) files(ctx context.Context) error {
	return PlaceSite(ctx, e.Repository, e.Set, e.Site.Dir, func(p string) bool { return p == ".sentryctl" || strings.HasPrefix(p, ".sentryctl/") })
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
	return rep.Restore(ctx, repository.RestoreOptions{Snapshot: one, Dir: dir, Attributes: attrs, Again: true, Skip: skip, SkipOwners: os.Getuid() != 0})
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

// ForgetRestore removes the note of a restore that came to its end.
func ForgetRestore(s *site.Site) error {
	if err := os.Remove(restorePath(s)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the note of the restore: %w", err)
	}
	return nil
}

// Done is ForgetRestore for the restore that e was for.
func (e *RestoreEnv) Done() error { return ForgetRestore(e.Site) }
