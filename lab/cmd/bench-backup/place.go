package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/sentryctl/sentryctl/lab/probe"
	"github.com/sentryctl/sentryctl/lab/setup"
	"github.com/sentryctl/sentryctl/lab/trees"
)

const (
	prefix = "sentryctl-lab-bench"
	bind   = "127.0.0.1:19091"
	url    = "http://" + bind
)

// bench is an installed site with an empty repository.
type bench struct {
	options
	setup.Setup
	dir, site, repo, archives string
	volumes                   []string // that a backup holds, by the Engine's names
	probe                     probe.Probe
}

// newBench clears what a run before has left. What it returns to clean up with
// may be there although it fails.
func newBench(ctx context.Context, lab setup.Setup, o options) (*bench, func() error, error) {
	cleaning := setup.Cleaning{Docker: lab.Docker, Prefix: prefix, Talk: io.Discard}
	if err := cleaning.Run(ctx); err != nil {
		return nil, nil, err
	}
	dir, err := os.MkdirTemp("", prefix)
	if err != nil {
		return nil, nil, err
	}
	b := &bench{options: o, Setup: lab, dir: dir, site: filepath.Join(dir, "site"), repo: filepath.Join(dir, "repo"), archives: filepath.Join(dir, "archives"),
		probe: probe.Probe{Docker: lab.Docker, Project: prefix, URL: url}}
	clean := func() error {
		if o.keep {
			fmt.Println("left:", dir, "and the project", prefix)
			return nil
		}
		return errors.Join(cleaning.Run(context.WithoutCancel(ctx)), os.RemoveAll(dir))
	}
	for _, path := range []*string{&b.sentryctl, &b.compose} {
		if *path, err = filepath.Abs(*path); err != nil {
			return b, clean, err
		}
	}
	return b, clean, b.install(ctx)
}

func (b *bench) install(ctx context.Context) error {
	release, password := filepath.Join(b.dir, "release"), filepath.Join(b.dir, "password")
	err := errors.Join(trees.Write(release, b.version, trees.Options{Prefix: prefix, Bind: bind}),
		os.WriteFile(password, []byte("correct horse battery staple\n"), 0o600), os.Mkdir(b.archives, 0o700))
	if err != nil {
		return err
	}
	for _, args := range [][]string{
		// A small machine is too small for Sentry, but not for stand-ins.
		{"install", "--site", b.site, "--source", release, "--version", b.version, "--admin-email", "admin@example.com", "--ignore", "cpu-count,ram", "--yes"},
		{"backup", "init", "--site", b.site, "--repo", b.repo, "--password-file", password},
	} {
		if _, err := b.ours(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}

// said is a line that sentryctl says.
type said struct {
	Type    string        `json:"type"`
	ID      string        `json:"id"`
	Text    string        `json:"text"`
	Time    time.Time     `json:"time"`
	Error   string        `json:"error"`
	Elapsed time.Duration `json:"elapsed_ns"`

	Bytes   int64 `json:"bytes"`
	Added   int64 `json:"added"`
	Files   int64 `json:"files"`
	Volumes []struct {
		Engine string `json:"engine_name"`
	} `json:"volumes"`
	Downtime struct {
		Rest time.Duration `json:"rest_ns"`
	} `json:"downtime"`
}

// spoken is all of them but those of progress.
type spoken []said

func (s spoken) last() said { return s[len(s)-1] }

// step is how long a step took.
func (s spoken) step(id string) time.Duration {
	for _, line := range s {
		if line.Type == "step_done" && line.ID == id {
			return line.Elapsed
		}
	}
	return 0
}

// ours runs sentryctl.
func (b *bench) ours(ctx context.Context, args ...string) (spoken, error) {
	begun := time.Now()
	cmd := exec.CommandContext(ctx, b.sentryctl, append(args, "--output", "json")...)
	cmd.Env = append(os.Environ(), "DOCKER_BUILDKIT=0")
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, err
	}
	all := spoken{{}}
	lines := bufio.NewScanner(out)
	for lines.Buffer(nil, 64<<20); lines.Scan(); {
		var line said
		if json.Unmarshal(lines.Bytes(), &line) != nil || line.Type == "progress" {
			continue
		}
		all = append(all, line)
		if b.trace {
			fmt.Printf("    %7.2f s  %s %s %s %s\n", time.Since(begun).Seconds(), line.Type, line.ID, line.Text, round(line.Elapsed))
		}
	}
	if b.trace {
		fmt.Printf("    %7.2f s  end of its output\n", time.Since(begun).Seconds())
	}
	if err := cmd.Wait(); err != nil {
		return all, fmt.Errorf("sentryctl %s: %w: %s %s", strings.Join(args[:2], " "), err, all.last().Error, tail(complaints.Bytes()))
	}
	return all, nil
}

func round(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.Round(time.Millisecond).String()
}

// command runs a program.
func command(ctx context.Context, name string, args ...string) error {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", filepath.Base(name), args[0], err, tail(out))
	}
	return nil
}

func tail(out []byte) string { return string(out[max(0, len(out)-500):]) }

// machine says what this runs on.
func (b *bench) machine(ctx context.Context) string {
	engine, _ := b.Docker.ServerVersion(ctx) // for people
	load, _ := os.ReadFile("/proc/loadavg")
	return fmt.Sprintf("%d CPUs, load %.14s, Docker Engine %s", runtime.NumCPU(), load, engine)
}
