package repository_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/sentryctl/sentryctl/internal/backup/repository"
)

// rclonePlace is reached by the real rclone, which speaks WebDAV with a server
// of ours.
func rclonePlace(t *testing.T) target {
	if testing.Short() {
		t.Skipf("a short run does not wait for rclone")
	}
	if _, err := exec.LookPath("rclone"); err != nil {
		t.Skipf("NOT TESTED: rclone is not installed (apt-get install rclone): %v", err)
	}
	g := &gate{}
	addr := davServer(t, g)
	a := access(t, "rclone:box:sentry")
	a.Credentials = repository.Credentials{"RCLONE_CONFIG": rcloneConfig(t, addr, davPassword)}
	return target{access: a, gate: g, wrong: repository.Credentials{"RCLONE_CONFIG": rcloneConfig(t, addr, "other-secret")}}
}

func rcloneConfig(t *testing.T, addr, password string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "rclone", "obscure", "-")
	cmd.Stdin = strings.NewReader(password)
	hidden, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return "[box]\ntype = webdav\nvendor = other\nurl = http://" + addr + "/\nuser = me\npass = " + strings.TrimSpace(string(hidden)) + "\n"
}
