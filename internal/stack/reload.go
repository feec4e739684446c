package stack

import (
	"context"

	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// proxy is the service that looks its upstreams up once, when it reads its
// configuration. A container that was made anew or started again may have
// another address by then, and the front door would answer 502 for ever.
const proxy = "nginx"

// reloadProxy lets a proxy that is no part of this launch look its upstreams
// up again when something was started; one that is follows them, see follows.
// It drops no request.
func (l *launch) reloadProxy(ctx context.Context) error {
	started := false
	for _, n := range l.nodes {
		started = started || len(n.started) > 0
	}
	if !started || l.nodes[proxy] != nil {
		return nil
	}
	found, err := l.stack.observe(ctx, func(name string) bool { return name == proxy })
	if err != nil {
		return err
	}
	for _, b := range found[proxy] {
		if !b.running() {
			continue
		}
		r, err := l.stack.Exec(ctx, proxy, workload.Exec{Command: []string{"nginx", "-s", "reload"}, Quiet: true})
		if err != nil {
			return err
		}
		if r.ExitCode != 0 && !l.doorFollows {
			l.stack.sink.Emit(event.Notice{Level: "warn",
				Text: "nginx did not take its configuration up again and may look for services where they no longer are",
				Hint: "Look at it: docker compose logs --tail 20 nginx; then restart it: docker compose restart nginx"})
		}
	}
	return nil
}
