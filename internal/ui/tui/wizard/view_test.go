package wizard

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/ui/format"
	"github.com/sentryctl/sentryctl/internal/ui/uitest"
)

// host is an install on a machine that is large enough.
func host() Input {
	return Input{
		Workflow: Install, Version: calver.MustParse("26.2.0"), Site: "/opt/sentry", Host: "sentry01",
		Machine: Machine{CPUs: 8, Memory: 33_000_000_000, FreeDisk: 180_000_000_000},
		Profiles: []Profile{
			{config.FeatureComplete, 71, 4, 14_680_000_000, 16_700_000_000, 20_000_000_000},
			{config.ErrorsOnly, 41, 2, 7_340_000_000, 8_300_000_000, 20_000_000_000},
		},
		Checks: Checks{
			Port: func(bind string) error {
				if strings.HasSuffix(bind, "80") {
					return errors.New("in use by nginx")
				}
				return nil
			},
			Reach:    func(_ context.Context, _, _ string) error { return nil },
			TestMail: func(_ context.Context, _ config.Mail, _ string) error { return nil },
		},
		Preview: func(a config.Answers) (string, error) {
			return fmt.Sprintf("--- .env.custom\n+++ .env.custom\n@@ -0,0 +1,2 @@\n+COMPOSE_PROFILES=%s\n+SENTRY_BIND=%s\n", a.Profile, a.Bind), nil
		},
		Runs: func(a config.Answers) []string {
			return []string{"Check this machine; stop if something blocks", "Pull images, make volumes, migrate", "Start 71 services and prove that Sentry answers"}
		},
	}
}

func everything() Input {
	in := host()
	in.Answers = config.Answers{
		URL: "https://sentry.example.com", Bind: "127.0.0.1:9000", Admin: config.Admin{Email: "ada@example.com", Password: config.NewSecret("s3cr3t-one")},
		Mail: config.Mail{Host: "smtp.sendgrid.net", Port: 587, UseTLS: true, Username: "apikey", Password: config.NewSecret("s3cr3t-two"), From: "Sentry <sentry@example.com>"},
		Options: map[string]any{
			"filestore.backend": "s3",
			"filestore.options": map[string]any{"bucket_name": "files", "access_key": "AK", "secret_key": config.NewSecret("s3cr3t-three")},
		},
	}
	return in
}

func TestPages(t *testing.T) {
	for _, size := range []struct{ w, h int }{{80, 24}, {120, 40}} {
		d := newDraft(everything())
		d.set("much", "all")
		s := newScreen(d, Options{Width: size.w, Height: size.h})
		for _, p := range d.pages() {
			s.open(p.id, 0)
			name := fmt.Sprintf("%s-%dx%d.txt", p.id, size.w, size.h)
			t.Run(name, func(t *testing.T) { uitest.Golden(t, name, drawn(t, s)) })
		}
	}
}

// drawn is the screen as a person reads it, proven to fit.
func drawn(t *testing.T, s *screen) string {
	t.Helper()
	text := ansi.Strip(s.content())
	lines := strings.Split(text, "\n")
	if len(lines) != s.height {
		t.Errorf("%d lines, want %d", len(lines), s.height)
	}
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
		if format.Width(lines[i]) > s.width {
			t.Errorf("line %d is wider than %d: %q", i+1, s.width, l)
		}
	}
	if strings.Contains(text, "s3cr3t") {
		t.Error("the screen shows a secret")
	}
	return strings.Join(lines, "\n") + "\n"
}
