package stack

import (
	"crypto/rand"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/sentryctl/sentryctl/internal/event"
)

// BenchmarkStart starts upstream's 25.10.0 with every service replaced by a
// stand-in that is healthy after a moment: the order, the number of
// containers and the health checks are the real ones.
func BenchmarkStart(b *testing.B) {
	var dir string
	for _, d := range releaseTrees(b) {
		if filepath.Base(d) == "25.10.0" {
			dir = d
		}
	}
	e, name := realEngine(b), "sentryctl-test-"+strings.ToLower(rand.Text()[:10])
	ensureBoxImage(b, e)
	p, err := Load(b.Context(), LoadOptions{Dir: dir, Profiles: []string{"feature-complete"}, Env: map[string]string{"COMPOSE_PROJECT_NAME": name}})
	if err != nil {
		b.Fatal(err)
	}
	standIn(p.run)
	s := e.Stack(p, event.Discard{})
	s.StopTimeout = 3 * time.Second
	b.Cleanup(func() { removeProject(b, e, name) })
	b.ReportMetric(float64(len(p.run.Services)), "services")
	for b.Loop() {
		begin := time.Now()
		if err := s.Start(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(begin).Seconds(), "s/start")
		begin = time.Now()
		if settled, err := s.Settled(b.Context()); err != nil || !settled {
			b.Fatal(settled, err)
		}
		b.ReportMetric(time.Since(begin).Seconds(), "s/settled")
		begin = time.Now()
		if err := s.Start(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(begin).Seconds(), "s/again")
		begin = time.Now()
		if err := s.Stop(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(begin).Seconds(), "s/stop")
		begin = time.Now()
		if err := s.Down(b.Context(), DownOptions{}); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(begin).Seconds(), "s/down")
	}
}

func standIn(p *types.Project) {
	for name, s := range p.Services {
		s.Image, s.Build, s.Entrypoint = boxImage, nil, nil
		s.Command = types.ShellCommand{"serve", "500ms"}
		if s.HealthCheck != nil && !s.HealthCheck.Disable {
			s.HealthCheck.Test = types.HealthCheckTest{"CMD", "/sentryctl", "health"}
		}
		s.Volumes, s.Ports, s.Tmpfs, s.Ulimits = nil, nil, nil, nil
		s.User = ""
		p.Services[name] = s
	}
	p.Volumes = nil
}
