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

// reloadProxy lets a proxy that ran all along look its upstreams up again when
// a service other than itself was started. It drops no request.
func (l *launch) reloadProxy(ctx context.Context) error {
	others := false
	for name, n := range l.nodes {
		others = others || name != proxy && len(n.started) > 0
	}
	if n := l.nodes[proxy]; !others || n != nil && len(n.started) > 0 {
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
		if r.ExitCode != 0 {
			l.stack.sink.Emit(event.Notice{Level: "warn",
				Text: "nginx did not take its configuration up again and may look for services where they no longer are",
				Hint: "Look at it: docker compose logs --tail 20 nginx; then restart it: docker compose restart nginx"})
		}
	}
	return nil
}
