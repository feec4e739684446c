package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/stack"
	"github.com/sentryctl/sentryctl/internal/step"
	"github.com/sentryctl/sentryctl/internal/upgrade"
)

// checkpointAccess is the repository that the hop of b has its checkpoint in. For one
// that has none yet it is that of the site's backups, or one of the upgrade's own
// below the site when there is none.
func (a *app) checkpointAccess(s *site.Site, o backupOptions, b upgrade.Begun) (acc repository.Access, err error) {
	o = o.of(b)
	own, err := o.ownRepository(a, s)
	switch {
	case err != nil:
	case own:
		acc, err = localCheckpoint(s)
	default:
		if acc, err = o.access(a, s); err == nil {
			err = outside(acc.Target, s)
		}
	}
	if err == nil {
		hide(a.masks.Add, acc)
	}
	return acc, err
}

// ownRepository tells that the upgrade's own repository is meant.
func (o backupOptions) ownRepository(a *app, s *site.Site) (bool, error) {
	none, err := o.noRepository(a, s)
	return none || o.repo == ownCheckpoint(s), err
}

// of takes what a hop has noted of its repository, where nothing else is said.
func (o backupOptions) of(b upgrade.Begun) backupOptions {
	if o.repo == "" {
		o.repo, o.passwordFile = b.Repo, cmp.Or(o.passwordFile, b.PasswordFile)
	}
	return o
}

// readyCheckpoint is checkpointAccess for a hop that begins or goes on, and notes it
// in b. It makes the upgrade's own repository where there is none; not once
// services have stopped, for then another would stand in for the one that is away.
func (a *app) readyCheckpoint(ctx context.Context, s *site.Site, o backupOptions, b *upgrade.Begun) (acc repository.Access, err error) {
	own, err := o.of(*b).ownRepository(a, s)
	if err != nil {
		return acc, err
	}
	records, err := step.LoadJournal(s.Own("runs", b.Run+".jsonl"))
	if err != nil {
		return acc, err
	}
	if own && upgrade.HowFar(b.Hop, records) == upgrade.Untouched {
		if err := makeCheckpoint(ctx, s); err != nil {
			return acc, err
		}
	}
	if acc, err = a.checkpointAccess(s, o, *b); err != nil {
		return acc, err
	}
	b.Repo = acc.Target.String()
	if o.passwordFile != "" {
		if b.PasswordFile, err = filepath.Abs(o.passwordFile); err != nil {
			return acc, fmt.Errorf("find the password file: %w", err)
		}
	}
	return acc, nil
}

// noRepository tells that nobody has said where backups are to be.
func (o backupOptions) noRepository(a *app, s *site.Site) (bool, error) {
	rec, err := readRepositoryRecord(s)
	return cmp.Or(o.repo, a.getenv("SENTRYCTL_BACKUP_REPO"), rec.Repo) == "", err
}

func ownCheckpoint(s *site.Site) string { return s.Own("checkpoint", "repository") }

func ownPassword(s *site.Site) string { return s.Own("checkpoint", "password") }

// localCheckpoint is the upgrade's own repository.
func localCheckpoint(s *site.Site) (repository.Access, error) {
	t, err := repository.ParseTarget(ownCheckpoint(s))
	if err != nil {
		return repository.Access{}, err
	}
	password, err := readPassword(ownPassword(s))
	return repository.Access{Target: t, Password: password, Dir: s.Own("backup")}, err
}

// makeCheckpoint makes the upgrade's own repository, and its password first. One
// that is there already will do.
func makeCheckpoint(ctx context.Context, s *site.Site) error {
	for _, dir := range []string{filepath.Dir(ownPassword(s)), s.Own("backup")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("make a place for the checkpoint: %w", err)
		}
	}
	if !exists(ownPassword(s)) {
		if err := site.WriteFile(ownPassword(s), []byte(config.GeneratePassword()+"\n"), 0o600); err != nil {
			return err
		}
	}
	acc, err := localCheckpoint(s)
	if err == nil {
		_, err = takeIntoUse(ctx, acc, "")
	}
	return err
}

// checkpointPlace says where the checkpoint goes, and sees that the repository opens. Where
// it lies on a disk of this machine, l looks how much it asks of that.
func (a *app) checkpointPlace(ctx context.Context, s *site.Site, o backupOptions, l *roomLook) (string, error) {
	own, err := o.noRepository(a, s)
	if err != nil {
		return "", err
	}
	if own {
		rep := openOwn(ctx, s)
		l.checkpoint(ctx, rep, ownCheckpoint(s))
		if rep != nil {
			err = rep.Close(ctx)
		}
		return "this site has no repository for backups: it goes into " + s.Own("checkpoint"), err
	}
	acc, err := a.checkpointAccess(s, o, upgrade.Begun{}) // asks for the password, if it has to, before anything begins
	if err != nil {
		return "", err
	}
	rep, err := repository.Open(ctx, acc)
	if err != nil {
		return "", err
	}
	if acc.Target.Kind == repository.Folder {
		l.checkpoint(ctx, rep, acc.Target.Path)
	} else {
		l.cache()
	}
	return "into " + acc.Target.String(), rep.Close(ctx)
}

// volumeLook is how long a plan looks at volumes: a large one stays unknown.
const volumeLook = 40 * time.Millisecond

// volumeSizes gives the bytes of the site's volumes by their names in the compose
// file, -1 where this process cannot tell in that time.
func volumeSizes(ctx context.Context, engine *stack.Engine, volumes []release.Volume, limit time.Duration) map[string]int64 {
	dirs, err := engine.AllVolumeDirs(ctx)
	sizes := map[string]int64{}
	until := time.Now().Add(limit)
	for _, v := range volumes {
		dir, have := dirs[v.EngineName]
		if err == nil && !have {
			continue
		}
		sizes[v.Name] = -1
		if dir != "" {
			sizes[v.Name] = treeBytes(dir, until)
		}
	}
	return sizes
}

// treeBytes adds up the files below a directory, -1 when that cannot be done
// before a moment.
func treeBytes(dir string, until time.Time) (sum int64) {
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path != dir {
			return nil // it went while we looked
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		if time.Now().After(until) {
			return fs.SkipAll
		}
		if info, err := d.Info(); err == nil {
			sum += info.Size()
		}
		return nil
	})
	if err != nil || time.Now().After(until) {
		return -1
	}
	return sum
}

// pruneCheckpoints removes what no way back leads to any more. What cannot be
// removed is told, and holds nothing up.
func (r *hopRun) pruneCheckpoints(ctx context.Context) {
	if r.begun.KeepSets {
		return
	}
	gone, err := r.forgetCheckpoints(ctx)
	if err != nil {
		r.sink.Emit(event.Notice{Level: "warn", Text: "old checkpoints stay: " + err.Error(), Hint: "Remove them: sentryctl backup forget BACKUP"})
		return
	}
	for _, id := range gone {
		r.sink.Emit(event.Log{Source: "checkpoints", Text: "removed " + id})
	}
}

func (r *hopRun) forgetCheckpoints(ctx context.Context) (gone []string, err error) {
	runs, err := r.site.Runs()
	if err != nil {
		return nil, err
	}
	rep, err := repository.Open(ctx, r.access)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rep.Close(context.WithoutCancel(ctx))) }()
	sets, err := backup.List(ctx, rep, r.config.record.Project)
	if err != nil {
		return nil, err
	}
	old := upgrade.Obsolete(sets, runs, r.begun.Set)
	for _, s := range old {
		gone = append(gone, s.ID())
	}
	if len(old) == 0 {
		return nil, nil
	}
	if err := backup.Forget(ctx, rep, old...); err != nil {
		return nil, err
	}
	if r.access.Target.String() != ownCheckpoint(r.site) {
		return gone, nil // the admin's own: "backup prune" frees the room
	}
	return gone, rep.Maintain(ctx, true)
}
