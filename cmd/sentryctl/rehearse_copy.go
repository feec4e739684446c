package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/config/yamltext"
	"github.com/sentryctl/sentryctl/internal/health"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/stack"
	"github.com/sentryctl/sentryctl/internal/upgrade"
)

// siteCopy says what of a site's project a copy of it is.
type siteCopy struct{ options stack.ApartOptions }

// of gives the copy of a project: never the project itself.
func (c *siteCopy) of(p *stack.Project) (*stack.Project, error) { return p.Apart(c.options) }

// steps are those of the hop; on a copy nothing is needed for the way back.
func (r *hopRun) steps() []upgrade.Step {
	all := upgrade.Steps(r.begun.Hop)
	if r.copied == nil {
		return all
	}
	return slices.DeleteFunc(all, func(s upgrade.Step) bool { return slices.Contains(upgrade.NotRehearsed(), s.ID) })
}

// door is the front door of the site, or of its copy.
func (r *hopRun) door(st *hopProject) (health.FrontDoor, error) {
	door, err := doorOf(r.config.record, st.Stack)
	if err != nil || r.copied == nil {
		return door, err
	}
	d := &innerDoor{stack: st.Stack}
	door.Address = d.name()
	door.Client = &http.Client{
		Timeout:       10 * time.Second,
		Transport:     &http.Transport{Proxy: nil, DisableKeepAlives: true, DialContext: d.dial},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return door, nil
}

// innerDoor reaches nginx where no port is published: at its container's own
// address, which is another after each start.
type innerDoor struct {
	stack *stack.Stack

	mu    sync.Mutex
	asked time.Time
	at    string
}

func (d *innerDoor) name() string { return "nginx." + d.stack.Model().Project }

func (d *innerDoor) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	at, err := d.address(ctx)
	if err != nil {
		return nil, err
	}
	var dialer net.Dialer
	return dialer.DialContext(ctx, network, at)
}

func (d *innerDoor) address(ctx context.Context) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if time.Since(d.asked) < time.Second && d.at != "" {
		return d.at, nil
	}
	ip, found, err := d.stack.Address(ctx, "nginx")
	if err != nil {
		return "", err
	}
	if !found {
		return "", fmt.Errorf("%s has no address", d.name())
	}
	d.asked, d.at = time.Now(), net.JoinHostPort(ip.String(), "80")
	return d.at, nil
}

const sunkMail = "dummy" // Sentry's name for mail that goes nowhere

// sinkMail lets no mail out of the copy, whatever its network would allow.
func sinkMail(s *site.Site) error {
	path := s.Path("sentry", "config.yml")
	data, err := os.ReadFile(path)
	if err == nil {
		data, err = yamltext.Set(data, []yamltext.Edit{{Path: []string{"mail.backend"}, Value: sunkMail}})
	}
	if err != nil {
		return fmt.Errorf("keep mail inside of the copy: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("keep mail inside of the copy: %w", err)
	}
	return os.WriteFile(path, data, info.Mode().Perm()) // it keeps its owner
}

// openCopy is openConfig for the copy, with answers that send no mail.
func openCopy(s *site.Site) (*siteConfig, error) {
	c, err := openConfig(s.Dir)
	if err == nil {
		c.answers.Mail = config.Mail{Backend: sunkMail, From: c.answers.Mail.From, ListNamespace: c.answers.Mail.ListNamespace}
	}
	return c, err
}
