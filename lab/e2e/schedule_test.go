package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sentryctl/sentryctl/lab/labtest"
)

// What the timer calls makes a backup, verifies it as its turn has come, and
// leaves metrics and a log; the next one verifies nothing.
func TestScheduledBackup(t *testing.T) {
	labtest.Long(t)
	s, site := backedUp(t)
	dir := t.TempDir()
	sentryctl(t, s, append([]string{"backup", "schedule", "--using", "cron", "--unit-dir", dir, "--textfile-dir", dir, "--verify", "weekly"}, site...)...).exits(0)
	log := filepath.Join(s.Dir, ".sentryctl", "backup", "log", "runs.jsonl")
	for _, want := range []struct{ backups, verified int }{{1, 1}, {2, 1}} {
		sentryctl(t, s, append([]string{"backup", "run"}, site...)...).exits(0)
		data, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		if backups, verified := strings.Count(string(data), `"type":"result","schema"`), strings.Count(string(data), `"read_files"`); backups != want.backups || verified != want.verified {
			t.Errorf("log: %d backups and %d verifications, want %+v", backups, verified, want)
		}
	}
	prom, err := filepath.Glob(filepath.Join(dir, "*.prom"))
	if err != nil || len(prom) != 1 {
		t.Fatalf("metrics: %v, %v", prom, err)
	}
	data, err := os.ReadFile(prom[0])
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if strings.HasPrefix(line, "sentryctl_backup_last_success") && strings.HasSuffix(line, " 0\n") {
			t.Errorf("no good backup in the metrics:\n%s", data)
		}
	}
	overdue(t, s, site, dir)
}

// overdue lets a run take longer than it may, as next to nothing of it can be
// uploaded: it ends, says so, and all services go on. The next one is good.
func overdue(t *testing.T, s *labtest.Site, site []string, dir string) {
	t.Helper()
	before := containers(t, s)
	schedule := append([]string{"backup", "schedule", "--using", "cron", "--unit-dir", dir, "--verify", "never", "--prune", "never"}, site...)
	sentryctl(t, s, append(schedule, "--max-duration", "15s", "--bandwidth", "200")...).exits(0)
	e := sentryctl(t, s, append([]string{"backup", "run"}, site...)...).exits(130)
	if end := e.last("error"); !strings.Contains(end.Error, "it took longer than 15s and was stopped") || !strings.Contains(end.Hint, "--max-duration") {
		t.Errorf("told: %+v", end)
	}
	if touched := differing(before, containers(t, s)); len(touched) > 0 {
		t.Errorf("containers touched: %v", touched)
	}
	if paused := docker(t, s, "ps", "-q", "--filter", "status=paused", "--filter", "label=com.docker.compose.project="+s.Prefix); len(paused) > 0 {
		t.Errorf("services still rest: %v", paused)
	}
	findEvent(t, s)
	sentryctl(t, s, schedule...).exits(0)
	sentryctl(t, s, append([]string{"backup", "run"}, site...)...).exits(0)
}
