package e2e

import (
	"fmt"
	"io"
	"os/exec"
	"testing"

	"github.com/creack/pty"

	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/step"
	"github.com/sentryctl/sentryctl/lab/labtest"
)

// The terminal of an upgrade goes away in the middle of a hop, as when SSH is cut
// off, again and again. resume goes on each time, and the release serves in the end.
func TestUpgradeWhoseTerminalGoes(t *testing.T) {
	labtest.Long(t)
	b := beforeUpgrade(t, older, newer)
	command := b.upgrade()
	for _, id := range []step.ID{"bring-images", "copy-ahead", "checkpoint", "rung-clickhouse-24-8", "migrate-database", "start-services", "health-gate"} {
		if code := terminalGoes(t, b.Site, id, command...); code != 130 {
			t.Errorf("in %s: got exit code %d, want 130", id, code)
		}
		if r := lastRecord(t, b.Site); r.Kind != step.KindFailed && r.Kind != step.KindDone {
			t.Errorf("in %s: the journal ends with %s %s", id, r.Kind, r.Step)
		}
		lockIsFree(t, b.Site)
		if left := oneOffs(t, b.Site); len(left) > 0 {
			t.Errorf("in %s: commands left containers: %v", id, left)
		}
		command = []string{"resume", "--site", b.Dir}
	}
	sentryctl(t, b.Site, command...).exits(0)
	b.serves(t, newer)
	back := []string{"rollback", "--site", b.Dir, "--yes"}
	for _, id := range []step.ID{"fill-volumes", "start-former"} {
		if code := terminalGoes(t, b.Site, id, back...); code != 130 {
			t.Errorf("in %s: got exit code %d, want 130", id, code)
		}
		back = []string{"resume", "--site", b.Dir}
	}
	sentryctl(t, b.Site, back...).exits(0)
	b.serves(t, older)
}

// terminalGoes runs sentryctl at a terminal of its own, takes that away when a step
// has begun, and returns the exit code.
func terminalGoes(t *testing.T, s *labtest.Site, id step.ID, args ...string) int {
	t.Helper()
	at, err := site.At(s.Dir)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(labtest.Binary(t), args...)
	cmd.Env = s.Env("TERM=xterm")
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: 120})
	if err != nil {
		t.Fatalf("start sentryctl at a terminal: %v", err)
	}
	t.Cleanup(func() { cmd.Process.Kill() }) //nolint:errcheck // it has mostly ended
	go io.Copy(io.Discard, terminal)         //nolint:errcheck // it ends with the terminal
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // the code says it
		close(ended)
	}()
	await(t, "the begin of "+string(id), func() string {
		select {
		case <-ended:
			t.Fatalf("sentryctl ended with exit code %d before %s", cmd.ProcessState.ExitCode(), id)
		default:
		}
		all := runs(t, at)
		records := all[len(all)-1].Records
		if len(records) == 0 {
			return "the journal is empty"
		}
		if r := records[len(records)-1]; r.Step != id || r.Kind != step.KindStarted {
			return fmt.Sprintf("the journal ends with %s %s", r.Kind, r.Step)
		}
		return ""
	})
	if err := terminal.Close(); err != nil {
		t.Fatal(err)
	}
	<-ended
	return cmd.ProcessState.ExitCode()
}
