package sentry

import (
	"context"
	"net"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
	"github.com/sentryctl/sentryctl/lab/standin/sentry/conf"
	"github.com/sentryctl/sentryctl/lab/standin/sentry/db"
	"github.com/sentryctl/sentryctl/lab/standin/sentry/nodestore"
	"github.com/sentryctl/sentryctl/lab/standin/sentry/web"
)

// service is what `sentry run NAME` starts.
type service func(context.Context, *proc.Proc, conf.Settings) error

func services() map[string]service {
	return map[string]service{
		"web": runWeb, "consumer": runConsumer,
		"worker": idle, "cron": idle, "smtp": idle, "taskworker-scheduler": idle, "taskbroker-send-tasks": idle, "taskworker": taskWorker,
		// before `run consumer` (23.6.0)
		"ingest-consumer": oldConsumer, "post-process-forwarder": oldConsumer, "query-subscription-consumer": oldConsumer,
		"subscription-consumer": oldConsumer, "ingest-metrics-consumer": oldConsumer, "ingest-profiles": oldConsumer, "ingest-replay-recordings": oldConsumer,
	}
}

func run(ctx context.Context, p *proc.Proc) error {
	if len(p.Args) == 0 {
		return proc.Exit(2, "Usage: sentry run COMMAND [ARGS]...")
	}
	start := services()[p.Args[0]]
	if start == nil {
		return proc.Exit(2, "Error: No such command %q.", p.Args[0])
	}
	s, err := conf.Load(p)
	if err != nil {
		return err
	}
	return start(ctx, p.With(p.Args[1:]), s)
}

const webAddress = "0.0.0.0:9000"

func runWeb(ctx context.Context, p *proc.Proc, s conf.Settings) error {
	d, err := db.Open(ctx, s.Database)
	if err != nil {
		return err
	}
	defer d.Close()
	srv := &web.Server{Proc: p, Settings: s, DB: d, Nodes: nodestore.New(s, d), Unhealthy: p.Getenv("STANDIN_WEB") == "unhealthy"}
	addr := proc.ParseFlags(p.Args).Or("bind", webAddress)
	p.Logf("web %s listens on %s", s.Version, addr)
	return proc.ServeHTTP(ctx, addr, srv.Handler())
}

// idle stays until it is told to stop. Celery's workers and schedulers leave
// no trace that anybody waits for.
func idle(ctx context.Context, p *proc.Proc, _ conf.Settings) error {
	f := proc.ParseFlags(p.Args)
	p.Logf("started")
	go proc.TouchEverySecond(ctx, f.Get("health-check-file-path", "healthcheck-file-path"))
	<-ctx.Done()
	return nil
}

// taskWorker is healthy once it has met its broker.
func taskWorker(ctx context.Context, p *proc.Proc, s conf.Settings) error {
	if err := reach(ctx, p, "taskbroker", []string{proc.ParseFlags(p.Args).Or("rpc-host", "taskbroker:50051")}); err != nil {
		return err
	}
	return idle(ctx, p, s)
}

// reach waits until one of the addresses takes a connection.
func reach(ctx context.Context, p *proc.Proc, what string, addrs []string) error {
	return proc.Retry(ctx, p, what, func(ctx context.Context) error {
		var d net.Dialer
		var last error
		for _, a := range addrs {
			conn, err := d.DialContext(ctx, "tcp", a)
			if err == nil {
				return conn.Close()
			}
			last = err
		}
		return last
	})
}
