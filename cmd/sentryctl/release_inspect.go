package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/catalog"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/stack"
)

type releaseInspectOptions struct {
	source, version, digest, catalog string
}

func newReleaseInspectCmd(a *app) *cobra.Command {
	var o releaseInspectOptions
	cmd := &cobra.Command{
		Use:   "inspect SOURCE",
		Short: "Say what a release consists of",
		Long: `Say what a release consists of: profiles, services, images, volumes, ports,
variables, configuration examples and what is built from it.

SOURCE is a version, the directory of a release, an archive of one (.tar.gz,
.tar.zst, .tar, .zip) or the https URL of an archive. It is verified as for an
install. No Engine is needed.`,
		Example: `  sentryctl release inspect 25.10.0
  sentryctl release inspect ./self-hosted-25.10.0.tar.gz --output json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.source = args[0]
			return runReleaseInspect(cmd.Context(), a, o)
		},
	}
	cmd.Flags().StringVar(&o.version, "version", "", "the `VERSION` that the source must hold")
	cmd.Flags().StringVar(&o.digest, "digest", "", "the sha256:… `DIGEST` that the archive or the tree must have")
	cmd.Flags().StringVar(&o.catalog, "catalog", "", "`FILE` or directory with a newer catalog")
	return cmd
}

// inspection is the result: the model of the release and its identity.
type inspection struct {
	Type   string `json:"type"`
	Source string `json:"source"`
	Digest string `json:"digest"`
	release.Model
}

func runReleaseInspect(ctx context.Context, a *app, o releaseInspectOptions) error {
	source, v, err := o.resolve()
	if err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "sentryctl-inspect-")
	if err != nil {
		return fmt.Errorf("make room for release: %w", err)
	}
	defer os.RemoveAll(tmp)
	// Compose names a project without a name of its own after its directory.
	tree, err := a.fetcher(event.Discard{}, o.digest).Fetch(ctx, source, v, filepath.Join(tmp, "sentry"))
	if err != nil {
		return err
	}
	in, err := inspect(ctx, tree)
	if err != nil {
		return fmt.Errorf("inspect %s: %w", release.Shown(o.source), err)
	}
	if a.jsonOut() {
		return a.writeJSON(in)
	}
	return in.write(a.stdout)
}

// resolve tells a version from a place. What exists on the disk is a place.
func (o releaseInspectOptions) resolve() (source string, v calver.Version, err error) {
	if o.version != "" {
		if v, err = calver.Parse(o.version); err != nil {
			return "", v, fault.New(fault.Usage, "Write it as in: sentryctl release list", "--version: %w", err)
		}
	}
	_, notVersion := calver.Parse(o.source)
	_, notThere := os.Lstat(o.source)
	if notVersion != nil || notThere == nil {
		return o.source, v, nil
	}
	c, err := catalog.Open(o.catalog)
	if err != nil {
		return "", v, err
	}
	all := c.Versions()
	named, err := c.Resolve(o.source, catalog.ResolveOptions{AcceptAvoided: true, Min: all[0], Max: c.Newest()})
	if err == nil && !v.IsZero() && v != named {
		err = fault.New(fault.Usage, "Leave --version out", "the source is version %s, --version is %s", named, v)
	}
	return "", named, err
}

func inspect(ctx context.Context, tree release.Tree) (inspection, error) {
	p, err := stack.Load(ctx, stack.LoadOptions{Dir: tree.Dir, AllProfiles: true})
	if err != nil {
		return inspection{}, err
	}
	m := p.Model()
	m.Version = tree.Version.String()
	m.Profiles, m.Services, m.Volumes, m.Images = some(m.Profiles), some(m.Services), some(m.Volumes), some(m.Images)
	m.Ports, m.Env, m.Examples, m.Builds = some(m.Ports), some(m.Env), some(m.Examples), some(m.Builds)
	return inspection{Type: "release", Source: tree.Source, Digest: tree.Digest, Model: m}, nil
}

// some keeps an empty list from becoming null in JSON.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
