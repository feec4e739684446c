package tool

import (
	"context"
	"errors"
	"io"
	"net"
	"strconv"
	"time"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

// quiet is how long nc waits for more of an answer after the end of its input.
const quiet = 500 * time.Millisecond

// Netcat is nc: -z looks whether the port is open; else stdin goes to the
// peer and the answer to stdout. Unlike Debian's it ends soon after the input
// has ended, because upstream's check of memcached leaves the connection open.
func Netcat(ctx context.Context, p *proc.Proc) error {
	f := proc.ParseFlags(p.Args, "z", "v", "vz", "zv", "n", "N", "4", "6")
	host, port := f.Word(0), f.Word(1)
	if host == "" || port == "" {
		return proc.Exit(2, "usage: nc [-z] [-w SECONDS] [-q SECONDS] HOST PORT")
	}
	dial := net.Dialer{Timeout: seconds(f.Or("w", "5"))}
	conn, err := dial.DialContext(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		return proc.Exit(1, "nc: %v", err)
	}
	defer conn.Close()
	if f.Has("z", "vz", "zv") {
		return nil
	}
	if _, err := io.Copy(conn, p.Stdin); err != nil {
		return proc.Exit(1, "nc: %v", err)
	}
	return answer(conn, p.Stdout)
}

// answer copies what the peer says until it closes or falls silent.
func answer(conn net.Conn, out io.Writer) error {
	buf := make([]byte, 32<<10)
	for {
		conn.SetReadDeadline(time.Now().Add(quiet)) //nolint:errcheck // a live connection takes it
		n, err := conn.Read(buf)
		if _, werr := out.Write(buf[:n]); werr != nil {
			return proc.Exit(1, "nc: %v", werr)
		}
		var late net.Error
		switch {
		case errors.Is(err, io.EOF), errors.As(err, &late) && late.Timeout():
			return nil
		case err != nil:
			return proc.Exit(1, "nc: %v", err)
		}
	}
}

func seconds(s string) time.Duration {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || n <= 0 {
		n = 5
	}
	return time.Duration(n * float64(time.Second))
}
