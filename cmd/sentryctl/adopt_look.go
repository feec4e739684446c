package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/sentryctl/sentryctl/internal/catalog"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/stack"
	"github.com/sentryctl/sentryctl/internal/upgrade/adopt"
)

// checkout is what was found of one.
type checkout struct {
	project   string
	witnesses []adopt.Witness
	notes     []string
}

// lookAtCheckout asks every witness. Those that need an Engine stay silent
// without one, and a note says so.
func (a *app) lookAtCheckout(ctx context.Context, c *catalog.Catalog, dir string) (checkout, error) {
	var k checkout
	statements, err := release.Statements(dir)
	if err != nil {
		return k, err
	}
	for _, st := range statements {
		k.add(adopt.Tree, st.File, st.Version.String())
	}
	var tags []string
	for _, v := range c.Versions() {
		tags = append(tags, v.String())
	}
	if tag := adopt.GitTag(gitFiles(dir), tags); tag != "" {
		k.add(adopt.Tree, "git tag", tag)
	}
	project, err := stack.Load(ctx, stack.LoadOptions{Dir: dir})
	if err != nil {
		return k, fmt.Errorf("read the checkout's compose project: %w", err)
	}
	k.project = project.Name()
	k.add(adopt.Images, adopt.SentryImage, adopt.Tag(project.Getenv(adopt.SentryImage)))
	engine, err := stack.Connect(ctx)
	if err != nil {
		k.notes = append(k.notes, "No Docker Engine answers: containers and database were not asked.")
		return k, ctx.Err()
	}
	defer engine.Close()
	return k, k.askEngine(ctx, engine, project)
}

func (k *checkout) add(kind adopt.Kind, place, says string) {
	if says != "" {
		k.witnesses = append(k.witnesses, adopt.Witness{Kind: kind, Place: place, Says: says})
	}
}

// askEngine looks at the containers of the project that belong to this
// directory, and asks the database when it runs.
func (k *checkout) askEngine(ctx context.Context, engine *stack.Engine, project *stack.Project) error {
	list, err := engine.Containers(ctx)
	if err != nil {
		return err
	}
	running := false
	for _, c := range list {
		if c.Project != k.project {
			continue
		}
		if c.Dir != "" && c.Dir != project.Dir() {
			return fault.New(fault.Usage, "Adopt that directory: sentryctl adopt --site "+c.Dir, "the containers of project %s belong to %s", k.project, c.Dir)
		}
		running = running || c.Service == "postgres" && c.State == "running"
		// web's image is built here from another; relay's name tells the release.
		if c.Service == "relay" || c.Service == "snuba-api" {
			image, err := engine.ContainerImage(ctx, c.ID)
			if err != nil {
				return fmt.Errorf("look at container %s: %w", c.Name, err)
			}
			k.add(adopt.Running, "container "+c.Name, adopt.Tag(image))
		}
	}
	if !running {
		k.notes = append(k.notes, "PostgreSQL does not run: the database was not asked.")
		return nil
	}
	k.askDatabase(ctx, engine.Services(project.Name()))
	return nil
}

// askDatabase reads the version that workers note among Sentry's options. The
// value is JSON, or a pickle in base64 up to 24.x.
func (k *checkout) askDatabase(ctx context.Context, services stack.Services) {
	out, err := psql(ctx, services, "SELECT value FROM sentry_option WHERE key = 'sentry:last_worker_version'")
	if err != nil {
		k.notes = append(k.notes, "The database does not say which version wrote it.")
		return
	}
	if plain, err := base64.StdEncoding.DecodeString(out); err == nil {
		out = string(plain)
	}
	k.add(adopt.Database, "database", regexp.MustCompile(`\d+\.\d+\.\d+`).FindString(out))
}

// gitFiles reads below .git; a file that is not there is empty. A .git that is
// a file, as in a worktree, leads to the directory.
func gitFiles(dir string) func(string) string {
	git := filepath.Join(dir, ".git")
	if data, err := os.ReadFile(git); err == nil {
		if to, is := strings.CutPrefix(strings.TrimSpace(string(data)), "gitdir: "); is {
			git = to
		}
	}
	return func(path string) string {
		data, err := fs.ReadFile(os.DirFS(git), path)
		if err != nil {
			return ""
		}
		return string(data)
	}
}
