package engine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDecide(t *testing.T) {
	debian := Host{Root: true, Distro: []string{"debian"}, HasAptGet: true}
	with := func(h Host, change func(*Host)) Host { change(&h); return h }
	tests := []struct {
		name   string
		host   Host
		want   Plan
		advice string // must stand in the advice
	}{
		{name: "fresh debian as root", host: debian, want: Plan{Install: true, Start: "background"}},
		{name: "with systemd", host: with(debian, func(h *Host) { h.Systemd = true }), want: Plan{Install: true, Start: "systemd"}},
		{
			name: "installed but stopped", want: Plan{Start: "background"},
			host: with(debian, func(h *Host) { h.Client, h.Daemon = true, true }),
		},
		{name: "no root", advice: "sudo apt-get install", host: with(debian, func(h *Host) { h.Root = false })},
		{
			name: "no root, stopped", advice: "sudo systemctl start docker",
			host: with(debian, func(h *Host) { h.Root, h.Client, h.Daemon, h.Systemd = false, true, true, true }),
		},
		{name: "another distribution", advice: "docs.docker.com", host: Host{Root: true, Distro: []string{"fedora"}}},
		{name: "not in the group", advice: "usermod -aG docker", host: Host{Cause: "dial unix /var/run/docker.sock: connect: permission denied"}},
		{name: "somewhere else", advice: "tcp://far:2375", host: with(debian, func(h *Host) { h.Remote = "tcp://far:2375" })},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Decide(tt.host)
			if tt.advice == "" {
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("plan (-want +got):\n%s", diff)
				}
				return
			}
			if !strings.Contains(got.Advice, tt.advice) {
				t.Errorf("got advice %q, want it to name %q", got.Advice, tt.advice)
			}
			if got.Install || got.Start != "" {
				t.Errorf("got %+v, want advice only", got)
			}
		})
	}
}

func TestDistro(t *testing.T) {
	path := filepath.Join(t.TempDir(), "os-release")
	text := "PRETTY_NAME=\"Linux Mint 22\"\nID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"linuxmint", "ubuntu", "debian"}, distro(path)); diff != "" {
		t.Errorf("distro (-want +got):\n%s", diff)
	}
}

func TestLastWords(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if got := lastWords(path); got != "" {
		t.Errorf("without a log: %q", got)
	}
	if err := os.WriteFile(path, []byte("level=info\nfailed to start daemon: no cgroup\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, want := lastWords(path), "; it ended with: failed to start daemon: no cgroup"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
