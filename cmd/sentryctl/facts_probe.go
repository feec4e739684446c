package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/sentryctl/sentryctl/internal/preflight"
	"github.com/sentryctl/sentryctl/internal/stack"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// probe looks at the Engine's machine from inside of it. The container asks
// for as many open files as the release will: a daemon that cannot grant them
// refuses to start it, and a second one without the wish tells the rest.
func (l *looker) probe(ctx context.Context) {
	ask := l.in.Target.LargestNofile().Hard
	if l.in.Helper == nil {
		l.facts.Probe = preflight.NotKnown[preflight.Probe](noEngine)
		l.facts.Nofile = preflight.NotKnown[preflight.NofileGrant](noEngine)
		return
	}
	p, err := l.runProbe(ctx, ask)
	grant := preflight.NofileGrant{Asked: ask, Granted: err == nil}
	if errors.Is(err, stack.ErrNofileRefused) {
		p, err = l.runProbe(ctx, 0)
		grant.Limit = p.NofileHard
	}
	l.facts.Probe = preflight.Learn(p, err)
	switch {
	case ask == 0:
		l.facts.Nofile = preflight.NotNeeded[preflight.NofileGrant]("the release asks for no limit")
	case err != nil && grant.Limit == 0:
		l.facts.Nofile = preflight.NotKnown[preflight.NofileGrant](err.Error())
	default:
		l.facts.Nofile = preflight.Know(grant)
	}
}

func (l *looker) runProbe(ctx context.Context, nofile int64) (preflight.Probe, error) {
	args := []string{"probe"}
	if !l.in.Brief {
		args = append(args, "--sync")
	}
	out, err := l.in.Helper.RunHelper(ctx, workload.Helper{Args: args, Nofile: nofile, Name: fmt.Sprintf("sentryctl-preflight-%d", os.Getpid())})
	if err != nil {
		return preflight.Probe{}, err
	}
	var p preflight.Probe
	if err := json.Unmarshal(out, &p); err != nil {
		return preflight.Probe{}, fmt.Errorf("read what the helper container says: %w", err)
	}
	return p, nil
}
