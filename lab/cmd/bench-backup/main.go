// Command bench-backup backs up a site of the lab that holds much, under steady
// writes, twice with sentryctl and once the documented way: down, tar of each
// volume through a container, up. It prints for how long the UI was away.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

type options struct {
	site, project, url, sentryctl, compose, image string
	megabytes                                     int
}

func main() {
	var o options
	flag.StringVar(&o.site, "site", "", "directory of an installed site of the lab with a repository for backups")
	flag.StringVar(&o.project, "project", "", "its compose project")
	flag.StringVar(&o.url, "url", "", "its front door, http://host:port")
	flag.StringVar(&o.sentryctl, "sentryctl", "bin/sentryctl", "the binary to measure")
	flag.StringVar(&o.compose, "compose", "build/bench/cmd", "the Compose plugin, run on its own")
	flag.StringVar(&o.image, "image", "sentryctl-lab/nginx:1.29.1-alpine", "an image with sh, tar and gzip")
	flag.IntVar(&o.megabytes, "mb", 1000, "how much data to make, up to 5000")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench-backup:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	if o.site == "" || o.project == "" || o.url == "" {
		return fmt.Errorf("give --site, --project and --url")
	}
	if err := fill(ctx, o); err != nil {
		return fmt.Errorf("make data: %w", err)
	}
	writes, stop := context.WithCancel(ctx)
	defer stop()
	go write(writes, o)
	create := func(ctx context.Context) error {
		return command(ctx, o.sentryctl, "backup", "create", "--site", o.site)
	}
	first, err := measure(ctx, o, "sentryctl, first", create)
	if err != nil {
		return err
	}
	if err := change(ctx, o); err != nil {
		return fmt.Errorf("change data: %w", err)
	}
	second, err := measure(ctx, o, "sentryctl, second", create)
	if err != nil {
		return err
	}
	documented, err := measure(ctx, o, "documented way", func(ctx context.Context) error { return tarAll(ctx, o) })
	if err != nil {
		return err
	}
	fmt.Printf("UI gap, second to documented: %.3f (to reach: under 0.100)\n", second.gap.Seconds()/documented.gap.Seconds())
	fmt.Printf("time, documented to first: %.1f (to reach: 4)   documented to second: %.1f (to reach: 15)\n",
		documented.took.Seconds()/first.took.Seconds(), documented.took.Seconds()/second.took.Seconds())
	return nil
}

// tarAll is the documented way.
func tarAll(ctx context.Context, o options) (err error) {
	compose := func(args ...string) error {
		env := []string{"--project-directory", o.site, "--env-file", filepath.Join(o.site, ".env"), "--env-file", filepath.Join(o.site, ".env.custom")}
		return command(ctx, o.compose, append(env, args...)...)
	}
	out, err := os.MkdirTemp("", "bench-backup-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(out)
	volumes, err := volumesOf(ctx, o)
	if err != nil {
		return err
	}
	if err := compose("down"); err != nil {
		return err
	}
	for _, v := range volumes {
		err := command(ctx, "docker", "run", "--rm", "--network", "none", "-v", v+":/from:ro", "-v", out+":/to", "--entrypoint", "sh", o.image, "-c", "tar -C /from -czf /to/"+v+".tar.gz .")
		if err != nil {
			return err
		}
	}
	return compose("up", "--wait", "-d")
}

func volumesOf(ctx context.Context, o options) ([]string, error) {
	out, err := exec.CommandContext(ctx, "docker", "volume", "ls", "-q", "--filter", "name="+o.project).Output()
	return strings.Fields(string(out)), err
}

func command(ctx context.Context, name string, args ...string) error {
	c := exec.CommandContext(ctx, name, args...)
	out, err := c.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", filepath.Base(name), args[0], err, tail(out))
	}
	return nil
}

func tail(out []byte) string { return string(out[max(0, len(out)-500):]) }

// result is what one way came to.
type result struct{ took, gap time.Duration }

func measure(ctx context.Context, o options, name string, do func(context.Context) error) (result, error) {
	gap := watch(ctx, o.url+"/_health/")
	began := time.Now()
	err := do(ctx)
	r := result{took: time.Since(began), gap: gap()}
	if err != nil {
		return r, fmt.Errorf("%s: %w", name, err)
	}
	fmt.Printf("%-18s  took %6.1f s   UI away %6.2f s\n", name, r.took.Seconds(), r.gap.Seconds())
	return r, nil
}
