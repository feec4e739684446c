// Package relay plays Sentry's relay in the lab: it takes events at the front
// door, writes each to disk before it says that it has it, and hands it to
// Kafka when it can. It also makes the credentials that an installer asks for.
package relay

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/sentryctl/sentryctl/lab/standin/bus"
	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

// Run is the role: `relay [--config DIR] run|credentials|config|healthcheck`.
func Run(ctx context.Context, p *proc.Proc) error {
	f := proc.ParseFlags(p.Args, "stdout", "overwrite", "yes", "help", "version", "V", "h")
	dir := f.Or("config", f.Or("c", p.Env("RELAY_FOLDER", defaultDir)))
	switch {
	case f.Has("version", "V"):
		p.Printf("relay %s\n", p.Env("STANDIN_VERSION", "25.10.0"))
		return nil
	case f.Has("help", "h"):
		p.Printf("Usage: relay [--config DIR] run | credentials generate|show|remove | config show | healthcheck\n")
		return nil
	}
	switch f.Word(0) {
	case "run", "":
		return serve(ctx, p, dir)
	case "credentials":
		return credentials(p, dir, f)
	case "config":
		return showConfig(p, dir)
	case "healthcheck":
		return healthcheck(ctx, p, dir, f)
	}
	return proc.Exit(2, "error: unrecognized subcommand '%s'", f.Word(0))
}

const (
	defaultDir = "/work/.relay"
	spoolDir   = "/tmp/relay-spool"
)

// serve runs the server and the forwarder until ctx ends.
func serve(ctx context.Context, p *proc.Proc, dir string) error {
	c, err := loadConfig(p, dir)
	if err != nil {
		return err
	}
	id, err := readCredentials(dir)
	if err != nil {
		return proc.Exit(1, "error: relay has no usable credentials, which are required in managed mode: %v. Generate some with \"relay credentials generate\" first.", err)
	}
	sp, err := openSpool(spoolDir)
	if err != nil {
		return err
	}
	out, err := bus.NewProducer(c.brokers, sendTimeout)
	if err != nil {
		return err
	}
	defer out.Close()
	up := newUpstream(c.upstream, id)
	go up.register(ctx, p)
	r := &relay{proc: p, spool: sp, keys: up, send: out.Send}
	go r.forward(ctx)
	addr := net.JoinHostPort(c.host, c.port)
	p.Logf("relay %s listens on %s, %d events are in the spool", id.ID, addr, sp.count())
	return errors.Join(proc.ServeHTTP(ctx, addr, r.handler(&up.ready)), r.handOver(ctx))
}

// handOver sends on, once nothing comes in any more, what was taken last. The
// container is about to go, and the spool with it. Like relay it gives up after ten
// seconds.
func (r *relay) handOver(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if proc.Retry(ctx, r.proc, "hand over", r.drain) != nil {
		return proc.Exit(1, "error: %d events are left behind", r.spool.count())
	}
	return nil
}

const (
	sendTimeout     = 10 * time.Second
	shutdownTimeout = 10 * time.Second // limits.shutdown_timeout of relay
	checkTimeout    = 5 * time.Second
)

// healthcheck asks the relay that runs beside us, as its image's own check.
func healthcheck(ctx context.Context, p *proc.Proc, dir string, f proc.Flags) error {
	c, err := loadConfig(p, dir)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	addr := f.Or("addr", net.JoinHostPort("127.0.0.1", c.port))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s/api/relay/healthcheck/%s/", addr, f.Or("mode", "ready")), nil)
	if err != nil {
		return err
	}
	resp, err := direct().Do(req)
	if err != nil {
		return proc.Exit(1, "error: relay does not answer: %v", err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return proc.Exit(1, "error: relay is unhealthy: %s", resp.Status)
	}
	return nil
}

// direct is a client that no proxy setting leads away from the stack.
func direct() *http.Client {
	return &http.Client{Timeout: checkTimeout, Transport: &http.Transport{MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute}}
}
