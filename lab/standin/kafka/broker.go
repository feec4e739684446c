// Package kafka owns the broker of a stack: one node that speaks the Kafka
// protocol and keeps its logs and offsets on disk, the two command line tools
// that its image carries, and ZooKeeper's answer to "ruok".
package kafka

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

const (
	dataDir    = "/var/lib/kafka/data"
	clientPort = "9092"
)

// Broker listens on every address and tells clients the name that
// KAFKA_ADVERTISED_LISTENERS gives port 9092.
func Broker(ctx context.Context, p *proc.Proc) error {
	return serve(ctx, p, settings{
		dir:        dataDir,
		listen:     "0.0.0.0:" + clientPort,
		advertised: advertised(p.Getenv("KAFKA_ADVERTISED_LISTENERS")),
		alone:      p.Getenv("KAFKA_PROCESS_ROLES") != "",
	})
}

type settings struct {
	dir, listen string
	advertised  string // empty: what it listens on
	alone       bool   // without ZooKeeper
	ready       func(addr string)
}

func serve(ctx context.Context, p *proc.Proc, s settings) error {
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return fmt.Errorf("make the data directory: %w", err)
	}
	if err := takeOver(p, s.dir, s.alone); err != nil {
		return err
	}
	ln, err := net.Listen("tcp", s.listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	shown := namedListener{Listener: ln, name: s.advertised}
	cluster, err := kfake.NewCluster(
		kfake.NumBrokers(1),
		kfake.ListenFn(func(string, string) (net.Listener, error) { return shown, nil }),
		kfake.DataDir(s.dir),
		kfake.AllowAutoTopicCreation(),
		kfake.DefaultNumPartitions(1),
		kfake.BrokerConfigs(map[string]string{"message.max.bytes": "50000000"}),
		kfake.WithLogger(kfake.BasicLogger(p.Stderr, kfake.LogLevelError)),
	)
	if err != nil {
		ln.Close()
		return fmt.Errorf("start the broker: %w", err)
	}
	defer cluster.Close()
	p.Logf("listening on %s as %s, data in %s", s.listen, shown.Addr(), s.dir)
	if s.ready != nil {
		s.ready(shown.Addr().String())
	}
	<-ctx.Done()
	return nil
}

// namedListener reports another address than the one it is bound to: the
// broker tells its clients to come back to what the listener reports.
type namedListener struct {
	net.Listener
	name string
}

func (l namedListener) Addr() net.Addr {
	if l.name == "" {
		return l.Listener.Addr()
	}
	return name(l.name)
}

type name string

func (name) Network() string  { return "tcp" }
func (n name) String() string { return string(n) }

// advertised picks the listener that clients of a stack use out of, say,
// "PLAINTEXT://127.0.0.1:29092,EXTERNAL://kafka:9092".
func advertised(listeners string) string {
	for l := range strings.SplitSeq(listeners, ",") {
		_, addr, _ := strings.Cut(strings.TrimSpace(l), "://")
		if host, port, err := net.SplitHostPort(addr); err == nil && port == clientPort && host != "" {
			return addr
		}
	}
	return "kafka:" + clientPort
}

// Zookeeper answers the health check of the releases that still had one.
func Zookeeper(ctx context.Context, p *proc.Proc) error {
	// Upstream's volume is expected to hold something after a start.
	if err := os.MkdirAll("/var/lib/zookeeper/data/version-2", 0o755); err != nil {
		p.Logf("data directory: %v", err)
	}
	return proc.ServeTCP(ctx, ":2181", ruok)
}

// ruok reads all that came: closing with unread bytes would reset the
// connection.
func ruok(_ context.Context, conn net.Conn) {
	word := make([]byte, 64)
	if n, _ := conn.Read(word); strings.TrimSpace(string(word[:n])) == "ruok" {
		fmt.Fprint(conn, "imok")
	}
}
