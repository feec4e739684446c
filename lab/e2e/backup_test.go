package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sentryctl/sentryctl/lab/labtest"
)

// backedUp is an installed site with an empty repository, and the options of
// each command about it.
func backedUp(t *testing.T) (*labtest.Site, []string) {
	t.Helper()
	s := labtest.NewSite(t)
	sentryctl(t, s, install(s, s.Release("25.10.0"), "25.10.0")...).exits(0)
	dir := t.TempDir()
	password := filepath.Join(dir, "password")
	if err := os.WriteFile(password, []byte("correct horse battery staple\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	sentryctl(t, s, "backup", "init", "--site", s.Dir, "--repo", filepath.Join(dir, "repo"), "--password-file", password).exits(0)
	return s, []string{"--site", s.Dir}
}

// What is done to a site that goes on running, all to the same one.
func TestBackupsOfASiteThatRuns(t *testing.T) {
	s, site := backedUp(t)
	t.Run("under load", func(t *testing.T) { backupUnderLoad(t, s, site) })
	t.Run("killed", func(t *testing.T) { killedBackupLetsServicesGoOn(t, s, site) })
	t.Run("drill", func(t *testing.T) { drill(t, s, site) })
	t.Run("export and import", func(t *testing.T) { exportAndImport(t, s) })
}

// Every event of a numbered stream is taken at once while a backup is made,
// and all are there afterwards; nothing was started anew for it.
func backupUnderLoad(t *testing.T, s *labtest.Site, site []string) {
	before := containers(t, s)
	posted := postUntil(t, s, func() { sentryctl(t, s, append([]string{"backup", "create"}, site...)...).exits(0) })
	if touched := differing(before, containers(t, s)); len(touched) > 0 {
		t.Errorf("containers touched: %v", touched)
	}
	allStored(t, s, posted)
	t.Logf("%d events came in during the backup", len(posted))
	sentryctl(t, s, append([]string{"backup", "verify", "--percent", "100"}, site...)...).exits(0)
}

// postUntil posts numbered events, one after the other, until do returns. Each
// has one try.
func postUntil(t *testing.T, s *labtest.Site, do func()) (ids []string) {
	t.Helper()
	key, project, err := s.Probe().Key(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	over, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			ids = append(ids, fmt.Sprintf("5eed%028d", len(ids)+1))
			if err := s.Probe().Send(t.Context(), key, project, ids[len(ids)-1]); err != nil {
				t.Errorf("event %d was not taken: %v", len(ids), err)
			}
			select {
			case <-over:
				return
			default:
			}
		}
	}()
	do()
	close(over)
	<-ended
	return ids
}

// allStored waits until ClickHouse has each of the events once.
func allStored(t *testing.T, s *labtest.Site, ids []string) {
	t.Helper()
	await(t, "the events", func() string {
		times := map[string]int{}
		for _, id := range docker(t, s, "exec", s.Prefix+"-clickhouse-1", "clickhouse-client", "-q", "SELECT event_id FROM default.errors_local") {
			times[strings.ReplaceAll(id, "-", "")]++
		}
		for i, id := range ids {
			if times[id] != 1 {
				return fmt.Sprintf("number %d of %d is there %d times", i+1, len(ids), times[id])
			}
		}
		return ""
	})
}

// Whatever becomes of the backup, the services go on.
func killedBackupLetsServicesGoOn(t *testing.T, s *labtest.Site, site []string) {
	p := start(t, s, append([]string{"backup", "create"}, site...)...)
	p.until("the rest", func(line said) bool { return line.Type == "notice" && strings.Contains(line.Text, "rest now") })
	p.signal(syscall.SIGKILL)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	note := filepath.Join(s.Dir, ".sentryctl", "backup", "resting.json")
	for tick := time.NewTicker(50 * time.Millisecond); ; {
		_, err := os.Stat(note)
		if os.IsNotExist(err) && len(docker(t, s, "ps", "-q", "--filter", "status=paused", "--filter", "label=com.docker.compose.project="+s.Prefix)) == 0 {
			tick.Stop()
			break
		}
		select {
		case <-ctx.Done():
			t.Fatal("services still rest")
		case <-tick.C:
		}
	}
	findEvent(t, s)
	sentryctl(t, s, append([]string{"backup", "create"}, site...)...).exits(0)
	sentryctl(t, s, append([]string{"backup", "verify", "--percent", "100"}, site...)...).exits(0)
}
