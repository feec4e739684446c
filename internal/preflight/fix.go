package preflight

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// FixID names a repair. It is kebab-case and stable.
type FixID string

// The repairs.
const (
	InstallEngine FixID = "install-engine"
	StartEngine   FixID = "start-engine"
	AddSwap       FixID = "add-swap"
)

const (
	swapFile = "/swapfile-sentryctl"
	swapLine = swapFile + " none swap sw 0 0"
)

// swapDisks are file systems on which a preallocated file can be swapped to.
var swapDisks = []string{"ext4", "xfs"}

// Fix is a repair as data: what would be done, to be shown before it is.
type Fix struct {
	ID      FixID    `json:"id"`
	Check   ID       `json:"check"` // the finding that it repairs
	Title   string   `json:"title"`
	Actions []Action `json:"actions"`
	Undo    []Action `json:"undo,omitempty"` // after an action has failed
}

// Action is a command to run or a line to append to a file; one of them.
type Action struct {
	Command []string `json:"command,omitempty"`
	File    string   `json:"file,omitempty"`
	Line    string   `json:"line,omitempty"`
}

// String returns the action as a person would type it.
func (a Action) String() string {
	if a.File != "" {
		return fmt.Sprintf("echo '%s' >> %s", a.Line, a.File)
	}
	return strings.Join(a.Command, " ")
}

func command(argv ...string) Action { return Action{Command: argv} }

// PlanFixes returns what can safely be repaired on this machine. It plans for
// an Engine on this host only.
func PlanFixes(f Facts, t Target, r Report) []Fix {
	var fixes []Fix
	if isBad(r, "engine-reachable") && engineDown(f) {
		switch {
		case !f.Host.Dockerd && canInstallEngine(f.Host):
			fixes = append(fixes, installEngine())
		case f.Host.Dockerd && f.Host.Init != "":
			fixes = append(fixes, startEngine(f.Host.Init))
		}
	}
	if isBad(r, "swap") {
		if mibs := swapToAdd(f, t); mibs > 0 {
			fixes = append(fixes, addSwap(mibs))
		}
	}
	return fixes
}

func isBad(r Report, id ID) bool {
	f, _ := r.Find(id)
	return f.State == Bad
}

func canInstallEngine(h Host) bool {
	os := h.OS.Value
	return slices.Contains(append([]string{os.ID}, os.Like...), "debian")
}

func installEngine() Fix {
	return Fix{
		ID: InstallEngine, Check: "engine-reachable", Title: "Install Docker Engine from the distribution",
		Actions: []Action{command("apt-get", "update"), command("apt-get", "install", "--yes", "docker.io")},
	}
}

func startEngine(init string) Fix {
	start := command("service", "docker", "start")
	if init == "systemd" {
		start = command("systemctl", "enable", "--now", "docker")
	}
	return Fix{ID: StartEngine, Check: "engine-reachable", Title: "Start the Docker daemon", Actions: []Action{start}}
}

// swapToAdd returns how many MiB to add; zero when the Engine is elsewhere,
// the disk cannot take a swap file or has no room above its floor.
func swapToAdd(f Facts, t Target) int {
	here := f.Engine.Known && f.Engine.Value.Local
	disk := f.Host.RootDisk
	if !here || !disk.Known || !slices.Contains(swapDisks, disk.Value.FileSystem) || slices.Contains(f.Host.SwapFiles, swapFile) {
		return 0
	}
	missing := t.Minimums.SwapRecommendedMiB - int(f.Probe.Value.SwapBytes/mib)
	if disk.Value.FreeBytes < int64(missing)*mib+int64(t.Minimums.DiskGiB)*gib {
		return 0
	}
	return missing
}

func addSwap(mibs int) Fix {
	return Fix{
		ID: AddSwap, Check: "swap", Title: fmt.Sprintf("Add %d MiB of swap", mibs),
		Actions: []Action{
			command("fallocate", "-l", fmt.Sprintf("%dM", mibs), swapFile),
			command("chmod", "600", swapFile),
			command("mkswap", swapFile),
			command("swapon", swapFile),
			{File: "/etc/fstab", Line: swapLine},
		},
		Undo: []Action{command("swapoff", swapFile), command("rm", "-f", swapFile)},
	}
}

// Runner carries out one action.
type Runner interface {
	Run(context.Context, Action) error
}

// Apply runs the actions of a fix in order. When one fails, what the fix has
// left behind is taken away again, as far as that goes.
func (f Fix) Apply(ctx context.Context, r Runner) error {
	for _, a := range f.Actions {
		if err := r.Run(ctx, a); err != nil {
			for _, u := range f.Undo {
				// The first error is the one to tell: an undo of something
				// that had not happened yet fails as a matter of course.
				_ = r.Run(context.WithoutCancel(ctx), u)
			}
			return fmt.Errorf("%s: %s: %w", strings.ToLower(f.Title[:1])+f.Title[1:], a, err)
		}
	}
	return nil
}
