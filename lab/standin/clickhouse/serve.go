// Package clickhouse owns the column store of a stack: enough of ClickHouse's
// SQL, its HTTP interface, its command line client and its data directory for
// what snuba, health checks, installers and backups do with them.
package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

const (
	dataDir        = "/var/lib/clickhouse"
	defaultVersion = "25.3.6.10034.altinitystable"
)

// Serve is clickhouse-server; `clickhouse client …` is the client.
func Serve(ctx context.Context, p *proc.Proc) error {
	version := p.Env("STANDIN_CLICKHOUSE_VERSION", defaultVersion)
	f := proc.ParseFlags(p.Args)
	switch {
	case f.Word(0) == "client":
		return Client(ctx, p.With(p.Args[1:]))
	case f.Has("version", "V"):
		p.Printf("ClickHouse server version %s.\n", version)
		return nil
	}
	db, err := open(dataDir, version)
	if err != nil {
		return err
	}
	defer db.store.close()
	p.Logf("ClickHouse %s listening on 8123 and 9000", version)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		if err := proc.ServeTCP(ctx, ":9000", swallow); err != nil {
			cancel(err)
		}
	}()
	if err := proc.ServeHTTP(ctx, ":8123", db); err != nil {
		return err
	}
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

func open(dir, version string) (*server, error) {
	store, err := openStore(dir, version)
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	return &server{store: store, version: version, host: host, started: time.Now()}, nil
}

// Handler is the HTTP interface of a server on dir alone, for other packages'
// tests; done lets the directory go.
func Handler(dir, version string) (h http.Handler, done func(), err error) {
	db, err := open(dir, version)
	if err != nil {
		return nil, nil, err
	}
	return db, db.store.close, nil
}

// swallow stands for the native protocol: it can be connected to.
func swallow(_ context.Context, conn net.Conn) { io.Copy(io.Discard, conn) } //nolint:errcheck // until the peer goes

// maxBody is the largest INSERT.
const maxBody = 256 << 20

// ServeHTTP answers health checks, and queries in ?query= or the body.
func (db *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	q := r.URL.Query()
	sql, data := q.Get("query"), string(body)
	if sql == "" {
		sql, data = data, ""
	}
	if r.URL.Path == "/ping" || r.URL.Path == "/replicas_status" || skipBlank(sql, 0) == len(sql) {
		proc.Healthy("Ok.\n")(w, r)
		return
	}
	s := &session{server: db, database: q.Get("database")}
	if s.database == "" {
		s.database = "default"
	}
	res, err := s.run(sql, data)
	if err != nil {
		db.refuse(w, err)
		return
	}
	if err := res.write(w, q.Get("default_format")); err != nil {
		db.refuse(w, err)
	}
}

func (db *server) refuse(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	var e *exception
	if errors.As(err, &e) {
		w.Header().Set("X-ClickHouse-Exception-Code", fmt.Sprint(e.code))
		if e.code == 60 || e.code == 81 {
			status = http.StatusNotFound
		} else if e.code == 62 {
			status = http.StatusBadRequest
		}
	}
	w.WriteHeader(status)
	fmt.Fprintf(w, "%v (version %s (official build))\n", err, db.version)
}
