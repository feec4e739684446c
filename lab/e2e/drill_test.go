package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sentryctl/sentryctl/lab/labtest"
)

// A drill brings the backup back beside the site, which it does not touch,
// and leaves nothing; one that is killed is swept up by the next.
func drill(t *testing.T, s *labtest.Site, site []string) {
	findEvent(t, s)
	sentryctl(t, s, append([]string{"backup", "create"}, site...)...).exits(0)
	before := containers(t, s)
	command := append([]string{"backup", "drill"}, site...)
	p := start(t, s, command...)
	p.until("services of the drill", func(line said) bool { return line.Type == "progress" && line.Item == "redis" })
	p.signal(syscall.SIGKILL)
	p.wait()
	isApart(t, s)
	tree := filepath.Join(s.Dir, ".sentryctl", "backup", "drill", "tree")
	if _, err := os.Stat(tree); err != nil {
		t.Errorf("the killed drill has no files of its own: %v", err)
	}
	sentryctl(t, s, command...).exits(0)
	if _, err := os.Stat(tree); !os.IsNotExist(err) {
		t.Errorf("the drill's copy of the configuration is left: %v", err)
	}
	if touched := differing(before, containers(t, s)); len(touched) > 0 {
		t.Errorf("containers touched: %v", touched)
	}
	label := "label=com.docker.compose.project=" + s.Prefix + "-drill"
	for _, list := range [][]string{{"ps", "-aq"}, {"volume", "ls", "-q"}, {"network", "ls", "-q"}} {
		if left := docker(t, s, append(list, "--filter", label)...); strings.Join(left, "") != "" {
			t.Errorf("docker %v: left %v", list, left)
		}
	}
	reports, err := filepath.Glob(filepath.Join(s.Dir, ".sentryctl", "backup", "drills", "*.json.sig"))
	if err != nil || len(reports) != 1 {
		t.Errorf("got reports %v, %v", reports, err)
	}
}

// isApart looks at a drill that was cut short: it is bounded, publishes
// nothing and reaches nothing.
func isApart(t *testing.T, s *labtest.Site) {
	t.Helper()
	mine := "label=com.docker.compose.project=" + s.Prefix + "-drill"
	boxes := docker(t, s, "ps", "-q", "--filter", mine)
	if len(boxes) == 0 || boxes[0] == "" {
		t.Fatal("the drill runs nothing")
	}
	// Kernels that cannot divide the disks have the Engine drop the weight.
	image := docker(t, s, "inspect", "--format", "{{.Image}}", boxes[0])[0]
	other := docker(t, s, "create", "--blkio-weight", "10", "--name", s.Prefix+"-weight", image)[0]
	weight := docker(t, s, "inspect", "--format", "{{.HostConfig.BlkioWeight}}", other)[0]
	want := "1000000000 4294967296 " + weight + " map[] no"
	for _, box := range boxes {
		got := docker(t, s, "inspect", "--format", "{{.HostConfig.NanoCpus}} {{.HostConfig.Memory}} {{.HostConfig.BlkioWeight}} {{.HostConfig.PortBindings}} {{.HostConfig.RestartPolicy.Name}}", box)
		if got[0] != want {
			t.Errorf("got bounds and ports %q, want %q", got[0], want)
		}
		// What the kernel does, by cgroup 1 or 2.
		limits := strings.Join(docker(t, s, "exec", box, "sh", "-c",
			"cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/cpu.max /sys/fs/cgroup/memory.max 2>/dev/null; true"), " ")
		if !strings.HasPrefix(limits, "100000 ") || !strings.Contains(limits, "4294967296") {
			t.Errorf("the kernel bounds a container of the drill by %q", limits)
		}
	}
	for _, name := range docker(t, s, "network", "ls", "-q", "--filter", mine) {
		if inside := docker(t, s, "network", "inspect", "--format", "{{.Internal}}", name); inside[0] != "true" {
			t.Errorf("a network of the drill leads out: %v", inside)
		}
	}
}
