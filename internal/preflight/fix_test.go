package preflight_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/preflight"
)

func TestPlanFixes(t *testing.T) {
	noSwap := func(f *preflight.Facts) { f.Probe.Value.MemoryBytes, f.Probe.Value.SwapBytes = 16*gib, 4*gib }
	cases := []struct {
		name  string
		facts func(*preflight.Facts)
		want  map[preflight.FixID][]string // actions as a person would type them
	}{
		{"nothing to repair", func(*preflight.Facts) {}, nil},
		{"daemon off under systemd", off, map[preflight.FixID][]string{preflight.StartEngine: {"systemctl enable --now docker"}}},
		{"daemon off under sysvinit", func(f *preflight.Facts) { off(f); f.Host.Init = "sysv" },
			map[preflight.FixID][]string{preflight.StartEngine: {"service docker start"}}},
		{"daemon off under nothing", func(f *preflight.Facts) { off(f); f.Host.Init = "" }, nil},
		{"no daemon on Debian", func(f *preflight.Facts) { off(f); f.Host.Dockerd = false },
			map[preflight.FixID][]string{preflight.InstallEngine: {"apt-get update", "apt-get install --yes docker.io"}}},
		{"no daemon on Ubuntu", func(f *preflight.Facts) {
			off(f)
			f.Host.Dockerd = false
			f.Host.OS = preflight.Know(preflight.OS{ID: "ubuntu", Like: []string{"debian"}})
		}, map[preflight.FixID][]string{preflight.InstallEngine: {"apt-get update", "apt-get install --yes docker.io"}}},
		{"no daemon on Fedora", func(f *preflight.Facts) {
			off(f)
			f.Host.Dockerd = false
			f.Host.OS = preflight.Know(preflight.OS{ID: "fedora"})
		}, nil},
		{"Engine elsewhere", func(f *preflight.Facts) { off(f); f.Host.EngineHere = false }, nil},
		{"no right to the socket", func(f *preflight.Facts) { f.Engine = preflight.NotKnown[preflight.Engine]("permission denied") }, nil},
		{"too little swap", noSwap, map[preflight.FixID][]string{preflight.AddSwap: {
			"fallocate -l 12288M /swapfile-sentryctl", "chmod 600 /swapfile-sentryctl", "mkswap /swapfile-sentryctl",
			"swapon /swapfile-sentryctl", "echo '/swapfile-sentryctl none swap sw 0 0' >> /etc/fstab"}}},
		{"no room for swap above the floor", func(f *preflight.Facts) { noSwap(f); f.Host.RootDisk.Value.FreeBytes = 31 * gib }, nil},
		{"a file system that cannot swap", func(f *preflight.Facts) { noSwap(f); f.Host.RootDisk.Value.FileSystem = "btrfs" }, nil},
		{"swap file in use already", func(f *preflight.Facts) { noSwap(f); f.Host.SwapFiles = []string{"/swapfile-sentryctl"} }, nil},
		{"swap on another machine", func(f *preflight.Facts) { noSwap(f); f.Engine.Value.Local = false }, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := good()
			c.facts(&f)
			var got map[preflight.FixID][]string
			for _, fix := range preflight.PlanFixes(f, target(), preflight.Run(f, target(), nil)) {
				if got == nil {
					got = map[preflight.FixID][]string{}
				}
				for _, a := range fix.Actions {
					got[fix.ID] = append(got[fix.ID], a.String())
				}
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("- want, + got:\n%s", d)
			}
		})
	}
}

// machine is a fake that remembers what was run, and breaks at one action.
type machine struct {
	ran    []string
	breaks string
}

func (m *machine) Run(_ context.Context, a preflight.Action) error {
	m.ran = append(m.ran, a.String())
	if a.String() == m.breaks {
		return errors.New("exit status 1")
	}
	return nil
}

func TestApplyTakesBackWhatItLeft(t *testing.T) {
	fix := preflight.Fix{Title: "Add swap",
		Actions: []preflight.Action{{Command: []string{"make"}}, {Command: []string{"use"}}, {File: "/etc/fstab", Line: "swap"}},
		Undo:    []preflight.Action{{Command: []string{"remove"}}},
	}
	whole := &machine{}
	if err := fix.Apply(t.Context(), whole); err != nil {
		t.Error(err)
	}
	broken := &machine{breaks: "use"}
	err := fix.Apply(t.Context(), broken)
	if err == nil || err.Error() != "add swap: use: exit status 1" {
		t.Errorf("got %v", err)
	}
	want := [][]string{{"make", "use", "echo 'swap' >> /etc/fstab"}, {"make", "use", "remove"}}
	if d := cmp.Diff(want, [][]string{whole.ran, broken.ran}); d != "" {
		t.Error(d)
	}
}
