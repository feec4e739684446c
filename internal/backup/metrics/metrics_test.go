package metrics_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/backup/metrics"
	"github.com/sentryctl/sentryctl/internal/site"
)

func TestText(t *testing.T) {
	at := time.Unix(1800000000, 0)
	st := metrics.State{LastTry: at, Failures: 2}.Good(at.Add(90*time.Second), metrics.Good{
		Set: "x", Bytes: 5 << 30, Added: 1024, Files: 7, Duration: 90 * time.Second, UI: 1500 * time.Millisecond,
	})
	got := metrics.Text(st, `/opt/"s"`, "sentry-self-hosted")
	for _, want := range []string{
		"# TYPE sentryctl_backup_last_success_timestamp_seconds gauge\n",
		`sentryctl_backup_last_success_timestamp_seconds{site="/opt/\"s\"",project="sentry-self-hosted"} 1800000090` + "\n",
		`sentryctl_backup_last_drill_timestamp_seconds{site="/opt/\"s\"",project="sentry-self-hosted"} 0` + "\n",
		"} 5368709120\n", "} 1.5\n", "sentryctl_backup_consecutive_failures{site=\"/opt/\\\"s\\\"\",project=\"sentry-self-hosted\"} 0\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestKept(t *testing.T) {
	s, err := site.At(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if st, err := metrics.Read(s); err != nil || st != (metrics.State{}) {
		t.Errorf("before: %+v, %v", st, err)
	}
	dir := t.TempDir()
	want := metrics.State{LastGood: time.Unix(1800000000, 0).UTC(), Set: "x", Failures: 1, LastFailure: "backup: no"}
	if err := metrics.Write(s, want, dir, "p"); err != nil {
		t.Fatal(err)
	}
	got, err := metrics.Read(s)
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
	list, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(list) != 1 || list[0] != metrics.File(dir, s.Dir) || filepath.Ext(list[0]) != ".prom" {
		t.Fatalf("written: %v, %v", list, err)
	}
	if st, err := os.Stat(list[0]); err != nil || st.Mode().Perm() != 0o644 {
		t.Errorf("%v, %v", st.Mode(), err)
	}
}
