// Package sentry plays the sentry program of the lab: its commands and what
// `sentry run` starts. Stores, pages and configuration are in packages below.
package sentry

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
	"github.com/sentryctl/sentryctl/lab/standin/sentry/conf"
	"github.com/sentryctl/sentryctl/lab/standin/sentry/db"
)

// commands are those of upstream that somebody outside of Sentry uses.
func commands() map[string]proc.Run {
	return map[string]proc.Run{
		"upgrade": upgrade, "createuser": createUser, "export": export, "import": importData, "config": config,
		"exec": execute, "shell": execute, "cleanup": cleanup, "migrations": migrations, "permissions": permissions,
		"django": django, "files": files, "run": run, "help": help,
	}
}

// Run is the role: `sentry [--config DIR] COMMAND ARG…`. A word that is no
// command is run as a program, as the image's entry point does.
func Run(ctx context.Context, p *proc.Proc) error {
	args := p.Args
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		flag, value, joined := strings.Cut(args[0], "=")
		switch flag {
		case "--help", "-h":
			return help(ctx, p)
		case "--version":
			p.Printf("sentry, version %s\n", p.Env("STANDIN_VERSION", "25.10.0"))
			return nil
		case "--config", "-c":
			if !joined && len(args) > 1 {
				value, args = args[1], args[1:]
			}
			p = withEnv(p, "SENTRY_CONF", value)
		default:
			return proc.Exit(2, "Error: no such option: %s", flag)
		}
		args = args[1:]
	}
	if len(args) == 0 {
		return help(ctx, p)
	}
	command := commands()[args[0]]
	if command == nil {
		return proc.Become(args...)
	}
	if len(args) > 1 && args[1] == "--help" {
		p.Printf("Usage: sentry %s [OPTIONS] [ARGS]...\n", args[0])
		return nil
	}
	return command(ctx, p.With(args[1:]))
}

func help(_ context.Context, p *proc.Proc) error {
	p.Printf("Usage: sentry [OPTIONS] COMMAND [ARGS]...\n\n  Sentry is cross-platform crash reporting (a stand-in of the lab).\n\nOptions:\n"+
		"  --config PATH  Path to configuration files.\n  --version      Show the version and exit.\n  --help         Show this message and exit.\n\n"+
		"Commands:\n  %s\n", strings.Join(slices.Sorted(maps.Keys(commands())), "\n  "))
	return nil
}

func withEnv(p *proc.Proc, name, value string) *proc.Proc {
	c := *p
	c.Getenv = func(n string) string {
		if n == name {
			return value
		}
		return p.Getenv(n)
	}
	return &c
}

// withDB loads the configuration and opens the database for one command.
func withDB(ctx context.Context, p *proc.Proc, fn func(conf.Settings, *db.DB) error) error {
	s, err := conf.Load(p)
	if err != nil {
		return err
	}
	d, err := db.Open(ctx, s.Database)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Ping(ctx); err != nil {
		return proc.Exit(1, "django.db.utils.OperationalError: connection to server at %q, port %s failed: %v", s.Database.Host, s.Database.Port, err)
	}
	return fn(s, d)
}
