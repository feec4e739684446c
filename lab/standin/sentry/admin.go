package sentry

import (
	"context"
	"crypto/rand"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
	"github.com/sentryctl/sentryctl/lab/standin/sentry/conf"
	"github.com/sentryctl/sentryctl/lab/standin/sentry/db"
)

// config answers `config get|set|list|delete|discover|generate-secret-key`.
// What config.yml says wins over the database, as in Sentry.
func config(ctx context.Context, p *proc.Proc) error {
	f := proc.ParseFlags(p.Args, "silent", "q", "secret", "s", "no-input")
	if f.Word(0) == "generate-secret-key" {
		p.Printf("%s\n", rand.Text()+rand.Text())
		return nil
	}
	return withDB(ctx, p, func(s conf.Settings, d *db.DB) error {
		switch f.Word(0) {
		case "get":
			return getOption(ctx, p, s, d, f.Word(1))
		case "set":
			return setOption(ctx, p, d, f)
		case "delete":
			if _, err := d.DeleteOption(ctx, f.Word(1)); err != nil {
				return err
			}
			p.Printf("Deleted key %s\n", f.Word(1))
			return nil
		case "list", "discover", "dump":
			return listOptions(ctx, p, s, d, f.Word(1))
		}
		return proc.Exit(2, "Usage: sentry config get|set|list|delete|generate-secret-key ...")
	})
}

func getOption(ctx context.Context, p *proc.Proc, s conf.Settings, d *db.DB, key string) error {
	value, ok := s.Options[key]
	if !ok {
		var err error
		if value, err = d.Option(ctx, key); db.IsMissing(err) {
			return proc.Exit(1, "Error: unknown option: %s", key)
		} else if err != nil {
			return err
		}
	}
	p.Printf("%s\n", value)
	return nil
}

func setOption(ctx context.Context, p *proc.Proc, d *db.DB, f proc.Flags) error {
	key, value := f.Word(1), f.Word(2)
	if key == "" || len(f.Words) < 3 && !f.Has("secret", "s") {
		return proc.Exit(2, "Usage: sentry config set KEY VALUE")
	}
	if value == "" {
		data, err := readInput(p, "-")
		if err != nil {
			return err
		}
		value = strings.TrimRight(string(data), "\r\n")
	}
	if err := d.SetOption(ctx, key, value); err != nil {
		return err
	}
	p.Printf("Updated key %s\n", key)
	return nil
}

func listOptions(ctx context.Context, p *proc.Proc, s conf.Settings, d *db.DB, pattern string) error {
	all, err := d.Options(ctx)
	if err != nil {
		return err
	}
	maps.Copy(all, s.Options)
	delete(all, "system.secret-key")
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if strings.Contains(key, strings.Trim(pattern, "*")) {
			p.Printf("%s: %s\n", key, all[key])
		}
	}
	return nil
}

const defaultDays = 30

// cleanup removes what is older than --days. Bodies in a bucket go by the
// bucket's own lifecycle.
func cleanup(ctx context.Context, p *proc.Proc) error {
	f := proc.ParseFlags(p.Args, "silent", "q", "timed")
	days, err := strconv.Atoi(f.Or("days", strconv.Itoa(defaultDays)))
	if err != nil || days < 0 {
		return proc.Exit(2, "Error: Invalid value for '--days': %q is not a valid integer", f.Get("days"))
	}
	return withDB(ctx, p, func(_ conf.Settings, d *db.DB) error {
		p.Printf("Removing expired values for LostPasswordHash\nRemoving old NodeStore values\n")
		n, err := d.Cleanup(ctx, days)
		if err != nil {
			return err
		}
		p.Printf("Removed %d nodes older than %d days\n", n, days)
		return nil
	})
}

// files has nothing to show: no file is ever uploaded to a stand-in.
func files(context.Context, *proc.Proc) error { return nil }
