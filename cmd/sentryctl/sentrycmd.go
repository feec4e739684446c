package main

import (
	"context"

	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/stack"
	"github.com/sentryctl/sentryctl/internal/transfer"
)

// openSentry connects to the sentry command of a site's version.
func openSentry(ctx context.Context, s *site.Site, rec site.Record, sink event.Sink) (transfer.Sentry, func() error, error) {
	if rec.State != site.Installed {
		return transfer.Sentry{}, nil, fault.New(fault.Resumable, "Finish it first: sentryctl resume --site "+s.Dir, "the installation in %s is not finished", s.Dir)
	}
	engine, err := stack.Connect(ctx)
	if err != nil {
		return transfer.Sentry{}, nil, err
	}
	project, err := stack.Load(ctx, stack.LoadOptions{Dir: s.Dir})
	if err != nil {
		engine.Close()
		return transfer.Sentry{}, nil, err
	}
	return transfer.Sentry{Stack: engine.Stack(project, sink), Version: rec.Version, Sink: sink}, engine.Close, nil
}

func scopeNames() []string {
	var names []string
	for _, s := range transfer.Scopes() {
		names = append(names, string(s))
	}
	return names
}
