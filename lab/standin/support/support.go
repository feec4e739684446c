// Package support plays the small parts of a Sentry stack in the lab:
// symbolicator, vroom, taskbroker, uptime-checker, launchpad, the mail server,
// geoipupdate and cron.
package support

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

const (
	symbolicatorAddress = "0.0.0.0:3021"
	vroomAddress        = "0.0.0.0:8085"
	taskbrokerAddress   = "0.0.0.0:50051"
	checkTimeout        = 5 * time.Second
)

// Symbolicator is `symbolicator run|cleanup|healthcheck -c FILE`.
func Symbolicator(ctx context.Context, p *proc.Proc) error {
	f := proc.ParseFlags(p.Args)
	switch f.Word(0) {
	case "run", "":
		mux := http.NewServeMux()
		mux.HandleFunc("/healthcheck", proc.Healthy("ok"))
		p.Logf("listens on %s", symbolicatorAddress)
		return proc.ServeHTTP(ctx, symbolicatorAddress, mux)
	case "cleanup":
		p.Logf("cleaned caches")
		if f.Has("repeat") {
			<-ctx.Done()
		}
		return nil
	case "healthcheck":
		return check(ctx, "http://"+f.Or("addr", "127.0.0.1:3021")+"/healthcheck")
	}
	return proc.Exit(2, "error: unrecognized subcommand '%s'", f.Word(0))
}

func check(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := (&http.Transport{}).RoundTrip(req)
	if err != nil {
		return proc.Exit(1, "error: %v", err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return proc.Exit(1, "error: unhealthy: %s", resp.Status)
	}
	return nil
}

// Vroom serves /health.
func Vroom(ctx context.Context, p *proc.Proc) error {
	mux := http.NewServeMux()
	mux.HandleFunc("/health", proc.Healthy("OK"))
	p.Logf("listens on %s", vroomAddress)
	return proc.ServeHTTP(ctx, vroomAddress, mux)
}

// Taskbroker takes connections of workers and holds them. Its file of tasks is
// made where TASKBROKER_DB_PATH says.
func Taskbroker(ctx context.Context, p *proc.Proc) error {
	if path := p.Getenv("TASKBROKER_DB_PATH"); path != "" {
		if err := touch(path); err != nil {
			return proc.Exit(1, "cannot open the activation store: %v", err)
		}
	}
	p.Logf("listens on %s", taskbrokerAddress)
	return proc.ServeTCP(ctx, taskbrokerAddress, func(_ context.Context, c net.Conn) {
		io.Copy(io.Discard, c) //nolint:errcheck // until the worker leaves
	})
}

func touch(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	return f.Close()
}

// Launchpad is a worker that is healthy by its file.
func Launchpad(ctx context.Context, p *proc.Proc) error {
	f := proc.ParseFlags(p.Args, "verbose")
	p.Logf("started")
	go proc.TouchEverySecond(ctx, f.Or("health-check-file-path", p.Getenv("LAUNCHPAD_WORKER_HEALTH_CHECK_FILE_PATH")))
	<-ctx.Done()
	return nil
}

// Stay does nothing until it is told to stop: uptime-checker and cron.
func Stay(ctx context.Context, p *proc.Proc) error {
	for _, job := range p.Args {
		p.Logf("%s", job)
	}
	<-ctx.Done()
	return nil
}
