package repository_test

import (
	"net"
	"strings"
	"sync"
	"testing"
)

// gate is the way to a server. It can be shut, at once or after so many bytes:
// connections break, and new ones end without an answer.
type gate struct {
	mu    sync.Mutex
	conns map[net.Conn]struct{}
	shut  bool
	left  int64 // bytes until it shuts; 0 for no end
	see   func([]byte)
}

// listen gives a listener on the loopback behind the gate.
func (g *gate) listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return &gatedListener{Listener: l, gate: g}
}

// shutAfter lets n more bytes of the clients' through.
func (g *gate) shutAfter(n int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.left = n
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut, g.left = false, 0
}

func (g *gate) isShut() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.shut
}

// enter gives a connection through the gate, nil if it is shut.
func (g *gate) enter(c net.Conn) net.Conn {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut {
		c.Close()
		return nil
	}
	if g.conns == nil {
		g.conns = map[net.Conn]struct{}{}
	}
	g.conns[c] = struct{}{}
	return &gatedConn{Conn: c, gate: g}
}

func (g *gate) count(p []byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.see != nil {
		g.see(p)
	}
	if g.left == 0 {
		return
	}
	if g.left -= int64(len(p)); g.left > 0 {
		return
	}
	g.shut, g.left = true, 0
	for c := range g.conns {
		c.Close()
	}
	clear(g.conns)
}

type gatedListener struct {
	net.Listener
	gate *gate
}

func (l *gatedListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if c := l.gate.enter(c); c != nil {
			return c, nil
		}
	}
}

type gatedConn struct {
	net.Conn
	gate *gate
}

func (c *gatedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.gate.count(p[:n])
	return n, err
}

func (c *gatedConn) Close() error {
	c.gate.mu.Lock()
	delete(c.gate.conns, c.Conn)
	c.gate.mu.Unlock()
	return c.Conn.Close()
}

// watchRequests counts the HTTP requests that come from now on by what they do.
func (g *gate) watchRequests() (writes, reads func() int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	counts := map[bool]int{}
	g.see = func(p []byte) {
		method, _, _ := strings.Cut(string(p[:min(8, len(p))]), " ")
		switch method {
		case "PUT", "POST", "DELETE":
			counts[true]++
		case "GET", "HEAD":
			counts[false]++
		}
	}
	count := func(write bool) func() int {
		return func() int {
			g.mu.Lock()
			defer g.mu.Unlock()
			return counts[write]
		}
	}
	return count(true), count(false)
}
