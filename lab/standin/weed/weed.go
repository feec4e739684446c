// Package weed owns the object storage of a stack: SeaweedFS's ports and
// files as far as installers, health checks and upgrades see them, and an S3
// interface whose buckets and objects are kept on disk.
package weed

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

// Serve is `weed server …` (to 26.7) and `weed mini …` (from 26.8).
func Serve(ctx context.Context, p *proc.Proc) error {
	f := proc.ParseFlags(p.Args, "version")
	mode := f.Word(0)
	switch mode {
	case "version":
		p.Printf("version 30GB 4.40 stand-in linux amd64\n")
		return nil
	case "server", "mini":
	default:
		return proc.Exit(2, "weed: unknown subcommand %q; there are: server mini version", mode)
	}
	dir := f.Or("dir", "/data")
	keys := keyFiles{dir: dir}
	if err := keys.start(mode, f.Get("s3") != "false"); err != nil {
		return err
	}
	store, err := openStore(filepath.Join(dir, "buckets"))
	if err != nil {
		return err
	}
	api := &s3{store: store, accessKey: p.Getenv("AWS_ACCESS_KEY_ID")}
	all := ports(mode, f, api, keys)
	p.Logf("weed %s on %s", mode, dir)
	return serveAll(ctx, all)
}

// ports says who answers where. Port 8080 of `server` is 9340 in `mini`.
func ports(mode string, f proc.Flags, api http.Handler, keys keyFiles) map[string]http.Handler {
	volume := f.Or("volume.port", "8080")
	if mode == "mini" {
		volume = f.Or("volume.port", "9340")
	}
	on := func(name string, byDefault bool) bool {
		if !f.Has(name) {
			return byDefault
		}
		return f.Get(name) != "false"
	}
	all := map[string]http.Handler{f.Or("master.port", "9333"): health("/cluster/healthz")}
	if on("volume", true) {
		all[volume] = health("/healthz")
	}
	if on("filer", mode == "mini") {
		all[f.Or("filer.port", "8888")] = keys.filer()
	}
	if on("s3", mode == "mini") {
		all[f.Or("s3.port", "8333")] = api
	}
	return all
}

func health(path string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc(path, proc.Healthy(""))
	return mux
}

// serveAll serves every port until ctx ends or one fails.
func serveAll(ctx context.Context, handlers map[string]http.Handler) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var lns []net.Listener
	var all []http.Handler
	for port, h := range handlers {
		ln, err := net.Listen("tcp", ":"+port)
		if err != nil {
			for _, l := range lns {
				l.Close()
			}
			return fmt.Errorf("listen: %w", err)
		}
		lns, all = append(lns, ln), append(all, h)
	}
	ended := make(chan error, len(lns))
	for i, ln := range lns {
		go func() {
			ended <- proc.ServeHTTPOn(ctx, ln, all[i])
			cancel()
		}()
	}
	var errs []error
	for range lns {
		errs = append(errs, <-ended)
	}
	return errors.Join(errs...)
}
