package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/sentryctl/sentryctl/lab/bench"
	"github.com/sentryctl/sentryctl/lab/probe"
	"github.com/sentryctl/sentryctl/lab/setup"
	"github.com/sentryctl/sentryctl/lab/trees"
)

const (
	prefix = "sentryctl-lab-hop"
	bind   = "127.0.0.1:19092"
)

// place is an installed site, and the release to go to.
type place struct {
	options
	site, releases string
	probe          probe.Probe
}

// newPlace clears what a run before has left. What it returns to clean up with
// may be there although it fails.
func newPlace(ctx context.Context, lab setup.Setup, o options) (place, func() error, error) {
	dir, clean, err := bench.Scratch(ctx, lab, prefix)
	if err != nil {
		return place{}, nil, err
	}
	p := place{options: o, site: filepath.Join(dir, "site"), releases: filepath.Join(dir, "releases"),
		probe: probe.Probe{Docker: lab.Docker, Project: prefix, URL: "http://" + bind}}
	for _, v := range []string{o.from, o.to} {
		if err := trees.Write(filepath.Join(p.releases, v), v, trees.Options{Prefix: prefix, Bind: bind}); err != nil {
			return p, clean, err
		}
	}
	return p, clean, command(ctx, "", p.sentryctl, "install", "--site", p.site, "--source", filepath.Join(p.releases, o.from), "--version", o.from,
		"--admin-email", "admin@example.com", "--ignore", bench.LabIgnores, "--yes", "--output", "plain")
}

func withSentryctl(ctx context.Context, p place) error {
	return command(ctx, p.site, p.sentryctl, "upgrade", "--site", p.site, "--to", p.to, "--releases", p.releases, "--yes", "--output", "plain")
}

// byHand is what a person does with the docker command and the Compose plugin,
// in the order of an ordinary installer. Only the questions and the pull are
// left out, as on the other side.
func byHand(ctx context.Context, p place) error {
	compose := func(args ...string) error {
		return command(ctx, p.site, p.compose, append([]string{"--env-file", ".env", "--env-file", ".env.custom"}, args...)...)
	}
	if err := compose("down", "-t", "60", "--remove-orphans"); err != nil {
		return err
	}
	if err := layOver(filepath.Join(p.releases, p.to), p.site); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"build"},
		{"run", "--pull=never", "--rm", "snuba-api", "bootstrap", "--force"},
		{"run", "--pull=never", "--rm", "web", "upgrade", "--noinput"},
		{"up", "--wait"},
	} {
		if err := compose(args...); err != nil {
			return err
		}
	}
	return nil
}

// layOver lays the new tree over the old one, whose configuration stays.
func layOver(tree, site string) error {
	return filepath.WalkDir(tree, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(tree, path)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		to := filepath.Join(site, rel)
		return errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, data, info.Mode().Perm()))
	})
}

func command(ctx context.Context, dir, name string, args ...string) error {
	_, err := bench.Command(ctx, dir, "", append([]string{name}, args...)...)
	return err
}
