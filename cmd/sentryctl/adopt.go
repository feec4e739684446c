package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/catalog"
	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/upgrade/adopt"
)

type adoptOptions struct {
	site    string
	version string
	source  string
	digest  string
	dryRun  bool
}

func newAdoptCmd(a *app) *cobra.Command {
	var o adoptOptions
	cmd := &cobra.Command{
		Use:   "adopt",
		Short: "Make a site out of an existing checkout of getsentry/self-hosted",
		Long: `Make a site out of an existing checkout of getsentry/self-hosted, made with git
or from an archive, running or stopped.

The version is found from several witnesses: the files of the tree, its git
tag, the images that the next start would run, the containers, the database.
The files are compared with the pristine release, which is kept as the base of
later merges. Nothing is changed outside of .sentryctl/.`,
		Example: `  sentryctl adopt --site /opt/self-hosted
  sentryctl adopt --site /opt/self-hosted --source ./self-hosted-24.8.0.tar.gz --dry-run`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runAdopt(cmd.Context(), o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.site, "site", site.DefaultDir, "directory of the checkout")
	f.StringVar(&o.version, "version", "", "the `VERSION` that it is, where the witnesses disagree or are silent")
	f.StringVar(&o.source, "source", "", "directory, archive file or https URL of the pristine release (default: the public archive)")
	f.StringVar(&o.digest, "digest", "", "refuse a pristine release with another digest (sha256:…)")
	f.BoolVar(&o.dryRun, "dry-run", false, "say what was found and write nothing")
	return cmd
}

// adoption is the result.
type adoption struct {
	Type      string          `json:"type"`
	Site      string          `json:"site"`
	Version   calver.Version  `json:"version"`
	Moving    string          `json:"moving,omitempty"`
	Project   string          `json:"project"`
	Adopted   bool            `json:"adopted"`
	Witnesses []adopt.Witness `json:"witnesses"`
	Against   []adopt.Witness `json:"against"`
	Drift     []adopt.Change  `json:"drift"`
	Notes     []string        `json:"notes"`
}

func (a *app) runAdopt(ctx context.Context, o adoptOptions) error {
	c, err := catalog.Load()
	if err != nil {
		return err
	}
	want, err := adoptVersion(c, o.version)
	if err != nil {
		return err
	}
	s, err := site.At(o.site)
	if err != nil {
		return err
	}
	was, err := s.ReadRecord()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if s.Exists() && was.Moving == "" {
		return fault.New(fault.Usage, "See where it can go: sentryctl upgrade --plan --site "+s.Dir, "%s is a site of sentryctl already", s.Dir)
	}
	seen, err := a.lookAtCheckout(ctx, c, s.Dir)
	if err != nil {
		return err
	}
	d, err := adopt.Decide(seen.witnesses, want)
	if err != nil {
		return err
	}
	r := adoption{Type: "adoption", Site: s.Dir, Version: d.Version, Moving: d.Moving, Project: seen.project,
		Witnesses: some(seen.witnesses), Against: some(d.Against), Notes: some(seen.notes)}
	if err := a.takeOver(ctx, s, o, was, &r); err != nil {
		return err
	}
	return a.tellAdoption(r)
}

func adoptVersion(c *catalog.Catalog, name string) (calver.Version, error) {
	if name == "" {
		return calver.Version{}, nil
	}
	all := c.Versions()
	return c.Resolve(name, catalog.ResolveOptions{AcceptAvoided: true, Min: all[0], Max: c.Newest()})
}

// takeOver fetches the pristine release, compares, and writes the record last:
// a checkout is a site once that is there. One that was adopted with images that are no
// release is looked at again, and keeps what it was asked to be.
func (a *app) takeOver(ctx context.Context, s *site.Site, o adoptOptions, was site.Record, r *adoption) (err error) {
	scratch, err := os.MkdirTemp("", "sentryctl-adopt-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	keep := scratch + "/release"
	_, before := os.Stat(s.Own())
	if !o.dryRun {
		if err := s.Create(); err != nil {
			return err
		}
		defer func() {
			if err != nil && os.IsNotExist(before) {
				os.RemoveAll(s.Own())
			}
		}()
		unlock, err := s.Lock("sentryctl adopt --site " + s.Dir)
		if err != nil {
			return err
		}
		defer unlock()
		keep = s.ReleaseDir(r.Version)
	}
	tree, err := a.fetcher(event.Discard{}, o.digest).Fetch(ctx, o.source, r.Version, keep)
	if err != nil {
		return err
	}
	drift, err := adopt.Drift(os.DirFS(tree.Dir), os.DirFS(s.Dir))
	if err != nil {
		return err
	}
	r.Drift = some(drift)
	if o.dryRun {
		return nil
	}
	record, err := adoptedRecord(*r, tree, s)
	if err != nil {
		return err
	}
	if was.Moving != "" {
		record.InstalledAt, record.Answers = was.InstalledAt, was.Answers
	}
	r.Adopted = true
	return s.WriteRecord(record)
}

// adoptedRecord is what the site's record says of a checkout. The answers are
// those that the files of the site give otherwise than the release.
func adoptedRecord(r adoption, tree release.Tree, s *site.Site) (site.Record, error) {
	rec := site.Record{State: site.Installed, Version: r.Version, Moving: r.Moving, Source: tree.Source, Digest: tree.Digest,
		Project: r.Project, Tool: readVersion().Version, InstalledAt: time.Now().UTC().Truncate(time.Second)}
	settings, err := config.Survey(r.Version, config.Answers{}, os.DirFS(tree.Dir), os.DirFS(s.Dir))
	if err != nil {
		return rec, err
	}
	var answers config.Answers
	for _, set := range settings {
		value, isText := set.Value.(string)
		if set.Origin != config.FromSite || !isText {
			continue
		}
		switch set.Key {
		case "profile":
			answers.Profile = value
		case "bind":
			answers.Bind = value
		case "url":
			answers.URL = value
		}
	}
	return rec, rec.Answers.Encode(answers)
}
