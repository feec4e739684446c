package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/catalog"
	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/preflight"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/stack"
)

// targetInput is what a machine is to be judged for. Model is nil when the
// release has not been looked at: it would have to be fetched.
type targetInput struct {
	Version            calver.Version
	Profile, Bind, URL string
	SiteDir            string
	Model              *release.Model
}

const (
	usualProject = "sentry-self-hosted" // COMPOSE_PROJECT_NAME of every release since 20.x
	usualBind    = "9000"               // SENTRY_BIND of every release
)

// usualNofile is what every release from 20.6.0 to 26.8.0 asks for.
var usualNofile = []preflight.NofileAsk{{Service: "clickhouse", Hard: 262144}}

// newTarget joins what the admin asks for with what release and catalog know.
func newTarget(c *catalog.Catalog, in targetInput) preflight.Target {
	t := preflight.Target{
		Version: in.Version, Profile: in.Profile, Bind: in.Bind, URL: in.URL, SiteDir: in.SiteDir,
		Minimums: minimums(c.Minimums(in.Version, in.Profile)),
	}
	if in.Model == nil {
		t.Project, t.Bind = usualProject, cmp.Or(t.Bind, usualBind)
		// An override may ask for less; only together with the release can that
		// be told.
		if !isFile(filepath.Join(in.SiteDir, overrideFile)) {
			t.Nofile = usualNofile
		}
		names := c.Volumes(in.Version)
		t.Volumes = slices.Clone(names.External)
		for _, name := range names.Project {
			t.Volumes = append(t.Volumes, t.Project+"_"+name)
		}
		return t
	}
	t.Project, t.Bind = in.Model.Project, cmp.Or(t.Bind, envDefault(in.Model, "SENTRY_BIND"), usualBind)
	for _, v := range in.Model.Volumes {
		t.Volumes = append(t.Volumes, v.EngineName)
	}
	for _, s := range in.Model.Services {
		if s.Nofile > 0 {
			t.Nofile = append(t.Nofile, preflight.NofileAsk{Service: s.Name, Hard: s.Nofile})
		}
	}
	return t
}

func envDefault(m *release.Model, name string) string {
	for _, e := range m.Env {
		if e.Name == name {
			return e.Default
		}
	}
	return ""
}

// minimums reads a row of the catalog as preflight asks it.
func minimums(m catalog.Minimums) preflight.Minimums {
	return preflight.Minimums{
		Engine: m.EngineMin, CPUs: m.CPUHard, RAMMiB: m.RAMHardMB, RAMRecommendedMiB: m.RAMRecommendedMB,
		RAMBetterMiB: m.RAMBetterMB, SwapRecommendedMiB: m.SwapRecommendedMB, DiskGiB: m.DiskFloorGB,
	}
}

// preflightPlan is what the options come to.
type preflightPlan struct {
	target     preflight.Target
	images     []release.Image
	sourceHost string
}

// planPreflight finds out version and release. It fetches nothing: a release
// that is not on this disk is judged by what the catalog knows of it.
func planPreflight(ctx context.Context, o preflightOptions) (preflightPlan, error) {
	c, err := catalog.Load()
	if err != nil {
		return preflightPlan{}, err
	}
	dir, err := absolute(o.site)
	if err != nil {
		return preflightPlan{}, err
	}
	record, answers, err := recorded(dir)
	if err != nil {
		return preflightPlan{}, err
	}
	in := targetInput{
		SiteDir: dir, Profile: cmp.Or(o.profile, answers.Profile, config.FeatureComplete),
		Bind: cmp.Or(o.bind, answers.Bind), URL: cmp.Or(o.url, answers.URL),
	}
	var host string
	in.Version, in.Model, host, err = findRelease(ctx, c, o, in, record)
	if err != nil {
		return preflightPlan{}, err
	}
	p := preflightPlan{target: newTarget(c, in), sourceHost: host}
	if in.Model != nil {
		p.images = append([]release.Image{}, in.Model.Images...)
	}
	return p, nil
}

// recorded returns what a site in dir says of itself; nothing when there is
// none.
func recorded(dir string) (site.Record, config.Answers, error) {
	rec, err := (&site.Site{Dir: dir}).ReadRecord()
	var answers config.Answers
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
		return site.Record{}, answers, nil // the checks of the site say more
	case err != nil:
		return site.Record{}, answers, err
	}
	answers, err = config.Recorded(rec.Answers, (&site.Site{Dir: dir}).Own(), os.Environ())
	if err != nil {
		return rec, answers, fmt.Errorf("read the site's answers: %w", err)
	}
	return rec, answers, nil
}

// findRelease returns the version, the model when the release is on this disk,
// and else the host that it would be fetched from.
func findRelease(ctx context.Context, c *catalog.Catalog, o preflightOptions, in targetInput, rec site.Record) (calver.Version, *release.Model, string, error) {
	want := o.version
	if want == "" && o.source == "" && !rec.Version.IsZero() {
		want = rec.Version.String()
	}
	local := o.source != "" && !strings.Contains(o.source, "://")
	var v calver.Version
	var err error
	if want != "" || !local {
		if v, err = c.Resolve(want, catalog.ResolveOptions{AcceptAvoided: true, AcceptFuture: o.source != ""}); err != nil {
			return v, nil, "", err
		}
	}
	switch {
	case local:
		return localRelease(ctx, o.source, v, in)
	case o.source == "" && v == rec.Version && isDir(in.SiteDir):
		m, err := loadModel(ctx, in.SiteDir, in.Profile)
		if err != nil && rec.State != site.Installed {
			break // a crash came before its files were there
		}
		return v, m, "", err
	}
	u, err := url.Parse(cmp.Or(o.source, release.DefaultSource(v)))
	if err != nil {
		return v, nil, "", nil // the checks of the way there have nothing to ask
	}
	return v, nil, u.Host, nil
}

const overrideFile = "docker-compose.override.yml"

// localRelease unpacks a release beside everything else and reads it, with the
// override that the admin has put into the site.
func localRelease(ctx context.Context, source string, v calver.Version, in targetInput) (calver.Version, *release.Model, string, error) {
	tmp, err := os.MkdirTemp("", "sentryctl-preflight-*")
	if err != nil {
		return v, nil, "", fmt.Errorf("make room for release: %w", err)
	}
	defer os.RemoveAll(tmp)
	tree, err := release.Fetcher{}.Fetch(ctx, source, v, filepath.Join(tmp, "release"))
	if err != nil {
		return v, nil, "", err
	}
	if override, err := os.ReadFile(filepath.Join(in.SiteDir, overrideFile)); err == nil {
		if err := os.WriteFile(filepath.Join(tree.Dir, overrideFile), override, 0o600); err != nil {
			return v, nil, "", fmt.Errorf("put the override beside the release: %w", err)
		}
	}
	m, err := loadModel(ctx, tree.Dir, in.Profile)
	return tree.Version, m, "", err
}

func loadModel(ctx context.Context, dir, profile string) (*release.Model, error) {
	p, err := stack.Load(ctx, stack.LoadOptions{Dir: dir, Profiles: []string{profile}})
	if err != nil {
		return nil, err
	}
	m := p.Model()
	return &m, nil
}
