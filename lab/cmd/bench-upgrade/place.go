package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

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
	compose := func(args ...string) ([]byte, error) {
		return bench.Command(ctx, p.site, "", append([]string{p.compose, "--env-file", ".env", "--env-file", ".env.custom"}, args...)...)
	}
	if _, err := compose("down", "-t", "60", "--remove-orphans"); err != nil {
		return err
	}
	if err := layOver(filepath.Join(p.releases, p.to), p.site); err != nil {
		return err
	}
	model, err := compose("config", "--format", "json")
	if err != nil {
		return err
	}
	stay, errands, err := divide(model)
	if err != nil {
		return err
	}
	for _, args := range [][]string{
		{"build"},
		{"run", "--pull=never", "--rm", "snuba-api", "bootstrap", "--force"},
		{"run", "--pull=never", "--rm", "web", "upgrade", "--noinput"},
		append([]string{"up", "--wait"}, stay...),
	} {
		if _, err := compose(args...); err != nil {
			return err
		}
	}
	if len(errands) == 0 {
		return nil
	}
	// Last, so that they take nothing of the time in which the site is away.
	_, err = compose(append([]string{"up", "--detach", "--no-deps"}, errands...)...)
	return err
}

// divide tells the services that stay up from errands, which nothing starts
// again: geoipupdate ends with 1 for want of an account, and up --wait, which
// waits for it too, ends with 1 then.
func divide(model []byte) (stay, errands []string, err error) {
	var project struct {
		Services map[string]struct {
			Restart string `json:"restart"`
		} `json:"services"`
	}
	if err := json.Unmarshal(model, &project); err != nil {
		return nil, nil, fmt.Errorf("read what compose config prints: %w", err)
	}
	for name, s := range project.Services {
		if s.Restart == "" || s.Restart == "no" {
			errands = append(errands, name)
		} else {
			stay = append(stay, name)
		}
	}
	slices.Sort(stay)
	slices.Sort(errands)
	return stay, errands, nil
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
