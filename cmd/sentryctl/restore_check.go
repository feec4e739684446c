package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/stack"
)

// agree refuses another version unless it may be installed, and asks.
func (a *app) agree(ctx context.Context, r restoring) error {
	if r.asked.Kind == backup.Other && !r.under && !r.options.installVersion && (r.options.yes || a.jsonOut() || !isTerminal(a.stdin)) {
		return fault.New(fault.UpgradeBlocked, "Let that version be installed in its place: sentryctl restore "+r.set.ID()+" --install-version --site "+r.site.Dir,
			"backup %s is of Sentry %s, and %s runs %s", r.set.ID(), r.set.Version, r.site.Dir, r.record.Version)
	}
	if r.options.yes || r.under && r.asked.Kind != backup.Same {
		return nil
	}
	ok, err := a.confirm(ctx, r.question(), false)
	if err == nil && !ok {
		err = fault.New(fault.Cancelled, "Run it again when it suits", "nothing was changed")
	}
	return err
}

func (r restoring) question() string {
	made := r.set.Begun.Local().Format(time.DateTime)
	switch r.asked.Kind {
	case backup.Clean:
		return fmt.Sprintf("Install Sentry %s in %s with the data of backup %s of %s?", r.set.Version, r.site.Dir, r.set.ID(), made)
	case backup.Other:
		return fmt.Sprintf("%s runs Sentry %s. Install %s in its place, with the data of backup %s of %s?", r.site.Dir, r.record.Version, r.set.Version, r.set.ID(), made)
	}
	return fmt.Sprintf("Replace what is in %s by backup %s of %s?", r.site.Dir, r.set.ID(), made)
}

// keepHost takes bind address and URL of the site that is there, where they
// are to be kept and nobody gave others.
func (r *restoring) keepHost(ctx context.Context) error {
	if !r.options.keepHost || r.under {
		return nil
	}
	if r.asked.URL == "" {
		r.asked.URL = config.ReadURL(os.DirFS(r.site.Dir))
	}
	if r.asked.Bind == "" {
		p, err := stack.Load(ctx, stack.LoadOptions{Dir: r.site.Dir})
		if err != nil {
			return err
		}
		r.asked.Bind = p.Getenv("SENTRY_BIND")
	}
	return nil
}

// gone tells a site of which only the directory is left, or that is broken: it
// is made anew out of the backup, as on a clean machine.
func (r *restoring) gone(ctx context.Context) error {
	if r.asked.Kind != backup.Same || r.under || r.options.configOnly || len(r.options.volumes) > 0 {
		return nil
	}
	project, err := stack.Load(ctx, stack.LoadOptions{Dir: r.site.Dir})
	if err != nil {
		r.asked.Kind = backup.Clean // its files cannot be read
		return ctx.Err()
	}
	engine, err := stack.Connect(ctx)
	if err != nil {
		return err
	}
	defer engine.Close()
	missing, err := engine.Stack(project, event.Discard{}).MissingVolumes(ctx)
	if err == nil && len(missing) > 0 {
		r.asked.Kind = backup.Clean
	}
	return err
}

// check asks everything that can be known before the first change. What is
// checked of volumes is the first step's.
func (a *app) check(ctx context.Context, r restoring) error {
	if foreign, err := r.site.Foreign(); err != nil {
		return err
	} else if foreign != "" {
		return fault.New(fault.NoSite, "Choose an empty directory with --site", "%s belongs to something else: it holds %s", r.site.Dir, foreign)
	}
	if r.asked.Kind == backup.Same || r.under {
		return nil
	}
	staged, err := os.MkdirTemp("", "sentryctl-restore-")
	if err != nil {
		return fmt.Errorf("make a scratch directory: %w", err)
	}
	defer os.RemoveAll(staged)
	if err := backup.PlaceSite(ctx, r.repository, r.set, staged, nil); err != nil {
		return err
	}
	p, err := a.prepareInstall(ctx, r.install(&site.Site{Dir: staged}))
	if p != nil {
		defer p.close()
	}
	if err != nil {
		return err
	}
	if r.asked.Kind == backup.Other && p.project.Name() != r.record.Project {
		return fault.New(fault.PreflightBlocked, "Restore it into a directory of its own with --site", "backup %s is of project %s, and %s is project %s",
			r.set.ID(), p.project.Name(), r.site.Dir, r.record.Project)
	}
	p.site = r.site
	if !r.asked.Force {
		p.data = r.set.Bytes
	}
	if !r.site.Exists() {
		p.record.State = "" // no site stands there yet
	}
	return a.checkMachine(ctx, p)
}

// install is the install of the backup's version out of a site's own files.
func (r restoring) install(s *site.Site) installOptions {
	return installOptions{site: s.Dir, version: r.set.Version, bind: r.asked.Bind, url: r.asked.URL, ignore: r.asked.Ignore, yes: true, acceptAvoided: true}
}
