package e2e

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/sentryctl/sentryctl/lab/labtest"
)

// A hot backup rests nothing, not for a moment, and comes back: PostgreSQL from
// its own base backup, ClickHouse from its frozen parts. Nothing that the
// databases laid down for it stays.
func TestHotBackupComesBack(t *testing.T) {
	labtest.Long(t)
	s, site := backedUp(t)
	found, err := s.Probe().Event(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	users := selected(t, s, "SELECT count(*) FROM auth_user")
	before := containers(t, s)
	var made ended
	posted := postUntil(t, s, func() {
		made = sentryctl(t, s, append([]string{"backup", "create", "--mode", "hot"}, site...)...).exits(0)
	})
	if touched := differing(before, containers(t, s)); len(touched) > 0 {
		t.Errorf("containers touched: %v", touched)
	}
	for _, line := range made.lines {
		if strings.Contains(line.Text, "rest now") {
			t.Errorf("services rested: %s", line.Text)
		}
	}
	laidDown := func() (left string) {
		for service, find := range map[string][]string{"postgres": {"/var/lib/postgresql/data", "pgsql_tmp.*"}, "clickhouse": {"/var/lib/clickhouse/shadow", "sentryctl*"}} {
			left += strings.Join(docker(t, s, "exec", s.Prefix+"-"+service+"-1", "find", find[0], "-maxdepth", "1", "-name", find[1]), " ")
		}
		return left
	}
	if left := laidDown(); left != "" {
		t.Errorf("left behind: %s", left)
	}
	sentryctl(t, s, append([]string{"backup", "verify", "--percent", "100"}, site...)...).exits(0)
	sentryctl(t, s, append([]string{"backup", "drill"}, site...)...).exits(0)
	selected(t, s, "INSERT INTO auth_user (username, email, password, is_active, is_superuser, is_staff, date_joined) SELECT 'late', 'late@example.com', '', true, false, false, now()")
	sentryctl(t, s, append([]string{"restore", "--yes"}, site...)...).exits(0)
	if got := selected(t, s, "SELECT count(*) FROM auth_user"); got != users {
		t.Errorf("got %s users, want %s", got, users)
	}
	if err := s.Probe().Find(t.Context(), found.ProjectID, found.ID); err != nil {
		t.Errorf("the event of before: %v", err)
	}
	for i, id := range posted {
		if err := s.Probe().Find(t.Context(), found.ProjectID, id); err != nil {
			t.Errorf("event %d of %d, which came in meanwhile: %v", i, len(posted), err)
		}
	}
	if bad := docker(t, s, "exec", s.Prefix+"-postgres-1", "sh", "-c", "ls "+filepath.Join("/var/lib/postgresql/data", "backup_label")+" 2>/dev/null || true"); strings.Join(bad, "") != "" {
		t.Errorf("PostgreSQL has not recovered: %v", bad)
	}
	findEvent(t, s)
}
