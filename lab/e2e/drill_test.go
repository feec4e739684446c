package e2e

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A drill brings the backup back beside the site, which it does not touch,
// and leaves nothing; one that is killed is swept up by the next.
func TestDrill(t *testing.T) {
	s, site := backedUp(t)
	findEvent(t, s)
	sentryctl(t, s, append([]string{"backup", "create"}, site...)...).exits(0)
	before := containers(t, s)
	drill := append([]string{"backup", "drill"}, site...)
	p := start(t, s, drill...)
	p.until("services of the drill", func(line said) bool { return line.Type == "progress" && line.Item == "redis" })
	p.signal(syscall.SIGKILL)
	p.wait()
	sentryctl(t, s, drill...).exits(0)
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
