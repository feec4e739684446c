package backup

import (
	"context"
	"slices"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/release"
)

// begin takes up a restore of this backup that was cut short, or notes a new
// one once nothing stands in its way. Nothing of the site is touched.
func (e *RestoreEnv) begin(ctx context.Context) error {
	if _, err := e.Set.Snapshots(ctx, e.Repository); err != nil {
		return err
	}
	for _, name := range e.Volumes {
		if !slices.ContainsFunc(e.Set.Volumes, func(v SavedVolume) bool { return v.is(name) }) {
			return fault.New(fault.Usage, "Look what it holds: sentryctl backup show "+e.Set.ID(), "backup %s holds no volume %s", e.Set.ID(), name)
		}
	}
	note, found, err := ReadRestoring(e.Site)
	if err != nil {
		return err
	}
	if found && !note.Is(e.Set.ID(), e.Asked) {
		if err := note.Held(e.Site); err != nil {
			return err
		}
		if err := e.abandon(ctx, note); err != nil {
			return err
		}
		found = false
	}
	if !found {
		note = NewRestoring(e.Set, e.Asked, e.Now())
	}
	if !note.Checked {
		if note.Waiting, err = e.clear(ctx); err != nil {
			return err
		}
		note.Checked = true
		if err := note.Write(e.Site); err != nil {
			return err
		}
	}
	e.note = note
	return nil
}

// clear refuses to write over what a restore before has kept, and volumes
// whose data cannot change places. It names the volumes to fill.
func (e *RestoreEnv) clear(ctx context.Context) (waiting []string, err error) {
	list, err := e.wanted()
	if err != nil {
		return nil, err
	}
	for _, v := range list {
		if err := NotKept(ctx, e.Stack, v.EngineName); err != nil {
			return nil, err
		}
		have, err := e.Stack.VolumeExists(ctx, v.EngineName)
		if err != nil {
			return nil, err
		}
		if have {
			if _, err := e.Stack.VolumeDirs(ctx, v.EngineName); err != nil {
				return nil, err
			}
		}
		waiting = append(waiting, v.EngineName+waitingSuffix)
	}
	if e.Kind == Other {
		return waiting, noReplaced(e.Site)
	}
	return waiting, nil
}

// NotKept refuses a volume beside which a restore has left another: with --keep-old, what it
// replaced. A restore would write there.
func NotKept(ctx context.Context, on interface {
	VolumeExists(ctx context.Context, name string) (bool, error)
}, volume string) error {
	name := volume + waitingSuffix
	have, err := on.VolumeExists(ctx, name)
	if err == nil && have {
		err = fault.New(fault.PreflightBlocked, "Look at it, then: docker volume rm "+name, "volume %s is left from a restore before", name)
	}
	return err
}

// abandon removes what a restore that has replaced nothing yet has written.
func (e *RestoreEnv) abandon(ctx context.Context, note Restoring) error {
	for _, name := range note.Waiting {
		if err := e.Stack.RemoveVolume(ctx, name); err != nil {
			return err
		}
	}
	return ForgetRestore(e.Site)
}

// wanted are the volumes to bring back, each with its name on this Engine,
// which is not that of the backup where the project has another name. Where
// another version is replaced, its queues are too: they begin empty.
func (e *RestoreEnv) wanted() ([]SavedVolume, error) {
	if e.ConfigOnly {
		return nil, nil
	}
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
	if e.Kind != Other {
		return list, nil
	}
	all, err := Classify(e.Stack.Model(), Choice{})
	for _, v := range all {
		if v.Class == Queue && !slices.ContainsFunc(list, func(s SavedVolume) bool { return s.Name == v.Name }) {
			list = append(list, SavedVolume{Volume: v})
		}
	}
	return list, err
}
