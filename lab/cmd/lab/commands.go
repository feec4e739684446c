package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"

	"github.com/sentryctl/sentryctl/lab/adapt"
	"github.com/sentryctl/sentryctl/lab/probe"
	"github.com/sentryctl/sentryctl/lab/setup"
	"github.com/sentryctl/sentryctl/lab/trees"
)

func up(ctx context.Context, s setup.Setup, _ []string) error { return s.Up(ctx) }

func makeImages(ctx context.Context, s setup.Setup, args []string) error {
	if len(args) == 0 {
		return errors.New("images: name at least one")
	}
	return s.Up(ctx, args...)
}

// treeFlags are what keeps one site of the lab apart from another.
func treeFlags(name string, args []string) (trees.Options, []string, error) {
	var o trees.Options
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.StringVar(&o.Prefix, "prefix", trees.DefaultPrefix, "name of the project, its volumes and its images")
	fs.StringVar(&o.Bind, "bind", trees.DefaultBind, "PORT or IP:PORT of the front door")
	fs.IntVar(&o.Nofile, "nofile", trees.DefaultNofile, "open files that the Engine grants a container")
	if err := fs.Parse(args); err != nil {
		return o, nil, err
	}
	if fs.NArg() != 2 {
		return o, nil, fmt.Errorf("%s: want two arguments, got %d", name, fs.NArg())
	}
	return o, fs.Args(), nil
}

func writeRelease(_ context.Context, _ setup.Setup, args []string) error {
	o, args, err := treeFlags("release", args)
	if err != nil {
		return err
	}
	return trees.Write(args[1], args[0], o)
}

func adaptRelease(ctx context.Context, s setup.Setup, args []string) error {
	o, args, err := treeFlags("adapt", args)
	if err != nil {
		return err
	}
	refs, err := adapt.Tree(args[0], args[1], adapt.Options(o))
	if err != nil {
		return err
	}
	return s.Up(ctx, refs...)
}

func postEvent(ctx context.Context, s setup.Setup, args []string) error {
	fs := flag.NewFlagSet("event", flag.ContinueOnError)
	site := fs.String("site", "", "directory of the site; its env files name project and port")
	url := fs.String("url", "", "the front door")
	project := fs.String("project", "", "name of the compose project")
	if err := fs.Parse(args); err != nil {
		return err
	}
	p := probe.Probe{Docker: s.Docker, Project: trees.DefaultPrefix, URL: "http://127.0.0.1:" + trees.DefaultBind}
	if *site != "" {
		var err error
		if p, err = probe.OfSite(s.Docker, *site); err != nil {
			return err
		}
	}
	p.URL, p.Project = cmp.Or(*url, p.URL), cmp.Or(*project, p.Project)
	found, err := p.Event(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("event %s of project %s came in through %s and was found in ClickHouse after %.1f s\n",
		found.ID, found.ProjectID, p.URL, found.After.Seconds())
	return nil
}

func clean(ctx context.Context, s setup.Setup, args []string) error {
	c := setup.Cleaning{Docker: s.Docker, Talk: s.Talk}
	fs := flag.NewFlagSet("clean", flag.ContinueOnError)
	fs.StringVar(&c.Prefix, "prefix", trees.DefaultPrefix, "what the names of the projects start with")
	fs.BoolVar(&c.Images, "images", false, "remove the images too")
	if err := fs.Parse(args); err != nil {
		return err
	}
	return c.Run(ctx)
}
