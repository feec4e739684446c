package stack

import (
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/moby/moby/client"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// cable leads to the real Engine until it is cut, which is what an Engine
// that stops looks like from here.
type cable struct {
	listener net.Listener
	mu       sync.Mutex
	conns    []net.Conn
}

func newCable(t *testing.T, socket string) *cable {
	t.Helper()
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	c := &cable{listener: l}
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("unix", socket)
			if err != nil {
				near.Close()
				continue
			}
			c.mu.Lock()
			c.conns = append(c.conns, near, far)
			c.mu.Unlock()
			go forward(far, near)
			go forward(near, far)
		}
	}()
	t.Cleanup(c.cut)
	return c
}

// forward passes on the end of one direction and leaves the other open.
func forward(to, from net.Conn) {
	_, _ = io.Copy(to, from)
	if half, ok := to.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
}

func (c *cable) cut() {
	c.listener.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.conns {
		conn.Close()
	}
}

// cut is how a crash looks from here.
func cut(_ context.Context, c *cable, _ *Stack, _ string) { c.cut() }

// stopped is how an Engine that is stopped looks: it takes nobody new, ends its
// containers, and answers those it knows meanwhile.
func stopped(ctx context.Context, c *cable, far *Stack, id string) {
	c.listener.Close()
	_, _ = far.api.ContainerKill(ctx, id, client.ContainerKillOptions{Signal: "KILL"})
}

func TestEngineGoesAway(t *testing.T) {
	direct := realEngine(t)
	socket, isUnix := strings.CutPrefix(direct.host, "unix://")
	if !isUnix {
		t.Skipf("the Engine is at %s and not at a socket", direct.host)
	}
	cases := []struct {
		name string
		work func(ctx context.Context, s *site) error
		end  func(ctx context.Context, c *cable, far *Stack, id string)
	}{
		{"in a one-off", func(ctx context.Context, s *site) error {
			_, err := s.RunOneOff(ctx, workload.OneOff{Service: "other", Name: "cut"})
			return err
		}, cut},
		{"in a start that waits", func(ctx context.Context, s *site) error { return s.Start(ctx, "never") }, cut},
		{"in a start, when it is stopped", func(ctx context.Context, s *site) error { return s.Start(ctx, "never") }, stopped},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t, direct, threeServices+"\n")
			write(t, filepath.Join(s.dir, "docker-compose.override.yml"),
				"services: {never: {image: "+boxImage+", command: [serve, 1h], healthcheck: {test: [CMD, /sentryctl, health]}}}")
			line := newCable(t, socket)
			t.Setenv("DOCKER_HOST", "unix://"+line.listener.Addr().String())
			e, err := Connect(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			s.load(t, e)
			far := direct.Stack(s.project, s.told)
			go func() {
				for t.Context().Err() == nil {
					list, err := far.api.ContainerList(t.Context(), listOf(s.project.Name()))
					if err == nil && len(list.Items) > 0 && list.Items[0].State == "running" {
						c.end(t.Context(), line, far, list.Items[0].ID)
						return
					}
				}
			}()
			err = c.work(t.Context(), s)
			if fault.CodeOf(err) != fault.NoEngine || errors.Is(err, context.Canceled) {
				t.Errorf("got code %d: %v", fault.CodeOf(err), err)
			}
		})
	}
}
