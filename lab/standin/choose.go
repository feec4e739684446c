package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

// table holds every role and every tool by name.
func table() map[string]proc.Run {
	all := storeRoles()
	maps.Copy(all, sentryRoles())
	return all
}

// ownPrograms are the names under which a command may repeat the program of
// its role, beside the role's own name.
func ownPrograms(role string) []string {
	switch role {
	case "redis":
		return []string{role, "redis-server", "valkey-server"}
	case "clickhouse":
		return []string{role, "clickhouse-server"}
	}
	return []string{role}
}

// servers are the names that start a role's server when they are linked.
func servers() map[string]string { return map[string]string{"clickhouse-server": "clickhouse"} }

// choose decides the role and its arguments by the rules of README.md.
func choose(argv []string, envRole string, known map[string]proc.Run) (role string, args []string, err error) {
	name := filepath.Base(argv[0])
	args = argv[1:]
	switch {
	case servers()[name] != "":
		role = servers()[name]
	case known[name] != nil:
		role = name
	case strings.HasSuffix(name, "entrypoint.sh"):
		if role = envRole; role == "" {
			return "", nil, errors.New("set STANDIN_ROLE to the role that " + name + " plays")
		}
	case len(args) > 0 && known[filepath.Base(args[0])] != nil:
		role, args = filepath.Base(args[0]), args[1:]
	case envRole != "":
		role = envRole
	case len(args) > 0:
		return "", nil, fmt.Errorf("no role %q; there are: %s", args[0], roleNames(known))
	default:
		return "", nil, fmt.Errorf("name a role: %s", roleNames(known))
	}
	if known[role] == nil {
		return "", nil, fmt.Errorf("no role %q; there are: %s", role, roleNames(known))
	}
	if len(args) > 0 && slices.Contains(ownPrograms(role), filepath.Base(args[0])) {
		args = args[1:]
	}
	return role, args, nil
}

func roleNames(known map[string]proc.Run) string {
	return strings.Join(slices.Sorted(maps.Keys(known)), " ")
}

// delayedStart makes a role slow to listen when a test asks for it.
func delayedStart(ctx context.Context, p *proc.Proc) error {
	n, err := strconv.ParseFloat(p.Env("STANDIN_START_SECONDS", "0"), 64)
	if err != nil || n <= 0 || tools()[p.Role] {
		return nil
	}
	if !proc.Sleep(ctx, time.Duration(n*float64(time.Second))) {
		return ctx.Err()
	}
	return nil
}
