package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
)

type configRenderOptions struct {
	source, version, answers, out string
	set                           []string
	force                         bool
}

func newConfigRenderCmd(a *app) *cobra.Command {
	var o configRenderOptions
	cmd := &cobra.Command{
		Use:   "render",
		Short: "Write the files that answers make of a release, without a site",
		Long: `Write the files that answers make of a release. Needs no site and no Engine,
and changes nothing but DIR. A secret key is made unless the answers or the
files in DIR have one. A file that is there and differs stays, unless --force.`,
		Example: `  sentryctl config render --source ./self-hosted-25.10.0 --answers answers.yaml --out ./rendered
  sentryctl config render --version 25.10.0 --set url=https://sentry.example.com --out ./rendered`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runConfigRender(cmd.Context(), o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.source, "source", "", "directory, archive file or https URL of the release (default: the public archive)")
	f.StringVar(&o.version, "version", "", "version of the release (default: as the source says)")
	f.StringVar(&o.answers, "answers", "", "file with answers")
	f.StringArrayVar(&o.set, "set", nil, "set one answer or option, key=value; may be repeated")
	f.StringVar(&o.out, "out", "", "directory to write to")
	f.BoolVar(&o.force, "force", false, "replace files that differ")
	return cmd
}

func (a *app) runConfigRender(ctx context.Context, o configRenderOptions) error {
	if o.out == "" {
		return fault.New(fault.Usage, "Add --out DIR", "nobody says where to write to")
	}
	if exists(filepath.Join(o.out, ".sentryctl")) {
		return fault.New(fault.Usage, "Choose another directory with --out; a site is changed with: sentryctl config apply", "%s is a site", o.out)
	}
	answers, found, err := config.ReadAnswers(o.answers, o.set, os.Environ())
	if err != nil {
		return err
	}
	files, more, err := a.renderRelease(ctx, o, answers)
	if err != nil {
		return err
	}
	found = without(append(found, more...), nil)
	a.warnOf(found)
	if err := writeRendered(o, files); err != nil {
		return err
	}
	if a.jsonOut() {
		return a.writeJSON(struct {
			Type     string           `json:"type"`
			Out      string           `json:"out"`
			Files    []string         `json:"files"`
			Findings []config.Finding `json:"findings"`
		}{"result", o.out, filePaths(files), found})
	}
	for _, path := range filePaths(files) {
		fmt.Fprintln(a.stdout, filepath.Join(o.out, filepath.FromSlash(path)))
	}
	return nil
}

// renderRelease fetches the release beside everything else and renders it.
func (a *app) renderRelease(ctx context.Context, o configRenderOptions, answers config.Answers) ([]config.File, []config.Finding, error) {
	var v calver.Version
	if o.version != "" {
		var err error
		if v, err = calver.Parse(o.version); err != nil {
			return nil, nil, fault.New(fault.Usage, "Give a version such as 25.10.0", "%w", err)
		}
	}
	scratch, err := os.MkdirTemp("", "sentryctl-render-")
	if err != nil {
		return nil, nil, fmt.Errorf("make a scratch directory: %w", err)
	}
	defer os.RemoveAll(scratch)
	tree, err := a.fetcher(event.Discard{}, "").Fetch(ctx, o.source, v, filepath.Join(scratch, "release"))
	if err != nil {
		return nil, nil, err
	}
	key := config.ReadSecretKey(os.DirFS(o.out))
	if key == "" {
		key = config.GenerateSecretKey()
	}
	return config.Render(config.RenderInput{Version: tree.Version, Pristine: os.DirFS(tree.Dir), Answers: answers, SecretKey: key})
}

// writeRendered writes all files or, when one would lose something, none.
func writeRendered(o configRenderOptions, files []config.File) error {
	for _, f := range files {
		path := filepath.Join(o.out, filepath.FromSlash(f.Path))
		_, err := os.Lstat(path)
		if o.force || errors.Is(err, fs.ErrNotExist) || site.SameFile(path, f.Data) {
			continue
		}
		return fault.New(fault.Usage, "Compare them, then add --force or choose another directory with --out", "%s is there and differs; nothing was written", path)
	}
	for _, f := range files {
		if err := site.WriteFile(filepath.Join(o.out, filepath.FromSlash(f.Path)), f.Data, f.Mode); err != nil {
			return err
		}
	}
	return nil
}

func filePaths(files []config.File) []string {
	var out []string
	for _, f := range files {
		out = append(out, f.Path)
	}
	return out
}
