package schedule_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/backup/schedule"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
)

var update = flag.Bool("update", false, "rewrite golden files")

func plan(change func(*schedule.Plan)) schedule.Plan {
	p := schedule.Plan{
		Daily: "03:30", Verify: schedule.Weekly, Drill: schedule.Never, Prune: schedule.Weekly, Jitter: 15 * time.Minute, MaxDuration: 6 * time.Hour,
		Nice: 10, IO: "idle", LogSize: 10 << 20, LogKeep: 5, Kind: schedule.Systemd,
	}
	change(&p)
	return p
}

// odd has all that systemd, cron and a shell could take for something else.
const odd = "/srv/it's 100% $HOME"

func TestRender(t *testing.T) {
	cases := []struct {
		name, site, program string
		plan                schedule.Plan
	}{
		{"systemd", "/opt/sentry", "/usr/local/bin/sentryctl", plan(func(*schedule.Plan) {})},
		{"systemd-odd", odd, "/usr/local/bin/sentryctl", plan(func(p *schedule.Plan) {
			p.MaxDuration, p.Environment, p.IO, p.Nice = 0, "/root/100% mine", "none", 0
		})},
		{"cron", "/opt/sentry", "/usr/local/bin/sentryctl", plan(func(p *schedule.Plan) { p.Kind = schedule.Cron })},
		{"cron-odd", odd, "/usr/local/bin/sentryctl", plan(func(p *schedule.Plan) {
			p.Kind, p.Environment, p.IO, p.Nice, p.Daily = schedule.Cron, "/root/100% mine", "none", 0, "00:05"
		})},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			files, err := schedule.Render(c.plan, c.site, c.program)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range files {
				golden(t, filepath.Join("testdata", c.name, f.Name), f.Text)
			}
		})
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got):\n%s", path, d)
	}
}

// What we write is what systemd reads without a complaint.
func TestSystemdTakesTheUnits(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skipf("no systemd-analyze here: %v", err)
	}
	for siteDir, io := range map[string]string{"/opt/sentry": "idle", "/opt/other": "best-effort", odd: "none"} {
		files, err := schedule.Render(plan(func(p *schedule.Plan) { p.Environment, p.IO = "/dev/null", io }), siteDir, "/bin/true")
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		args := []string{"verify", "--man=no"}
		for _, f := range files {
			path := filepath.Join(dir, f.Name)
			if err := os.WriteFile(path, []byte(f.Text), 0o644); err != nil {
				t.Fatal(err)
			}
			args = append(args, path)
		}
		if out, err := exec.Command(analyze, args...).CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", siteDir, err, out)
		}
	}
}

// Cron takes its file: that of a user has one word less in a line, and takes
// the same ones.
func TestCronTakesTheFile(t *testing.T) {
	crontab, err := exec.LookPath("crontab")
	if err != nil {
		t.Skipf("no crontab here: %v", err)
	}
	check := func(text string) ([]byte, error) {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return exec.Command(crontab, "-n", path).CombinedOutput()
	}
	if out, err := check("30 3 * * * true\n"); err != nil {
		t.Skipf("this crontab checks no file: %v: %s", err, out)
	}
	if out, err := check("99 3 * * * true\n"); err == nil {
		t.Fatalf("it takes anything: %s", out)
	}
	for _, siteDir := range []string{"/opt/sentry", odd} {
		files, err := schedule.Render(plan(func(p *schedule.Plan) { p.Kind, p.Environment = schedule.Cron, "/root/100% mine" }), siteDir, "/usr/local/bin/sentryctl")
		if err != nil {
			t.Fatal(err)
		}
		if out, err := check(files[0].Text); err != nil {
			t.Errorf("%s: %v\n%s\n%s", siteDir, err, out, files[0].Text)
		}
	}
}

// A cron line is a shell's to read, once cron has taken its own escapes off.
func TestTheShellReadsTheCronLine(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skipf("no shell here: %v", err)
	}
	out, err := exec.Command(sh, "-c", "printf %s "+schedule.Unescaped(odd)).Output()
	if err != nil || string(out) != odd {
		t.Errorf("got %q, %v", out, err)
	}
}

func TestDue(t *testing.T) {
	now := time.Date(2026, 3, 10, 3, 40, 0, 0, time.UTC)
	cases := []struct {
		name    string
		cadence schedule.Cadence
		ago     time.Duration // 0: never done
		want    bool
	}{
		{"never", schedule.Never, 0, false},
		{"first", schedule.Weekly, 0, true},
		{"six days", schedule.Weekly, 6 * 24 * time.Hour, false},
		{"seven days less the jitter", schedule.Weekly, 7*24*time.Hour - 20*time.Minute, true},
		{"a month", schedule.Monthly, 30 * 24 * time.Hour, true},
		{"the clock was set back", schedule.Daily, -time.Hour, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			last := time.Time{}
			if c.ago != 0 {
				last = now.Add(-c.ago)
			}
			if got := c.cadence.Due(last, now); got != c.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	cases := map[string]func(*schedule.Plan){
		"no time":       func(p *schedule.Plan) { p.Daily = "25:00" },
		"short time":    func(p *schedule.Plan) { p.Daily = "3:30" },
		"cadence":       func(p *schedule.Plan) { p.Verify = "hourly" },
		"prune":         func(p *schedule.Plan) { p.Prune = "yearly" },
		"keep":          func(p *schedule.Plan) { p.Keep.Daily = -1 },
		"io":            func(p *schedule.Plan) { p.IO = "realtime" },
		"nice":          func(p *schedule.Plan) { p.Nice = -5 },
		"jitter":        func(p *schedule.Plan) { p.Jitter = 13 * time.Hour },
		"log too small": func(p *schedule.Plan) { p.LogSize = 10 },
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			if err := plan(change).Check(); fault.CodeOf(err) != fault.Usage || fault.HintOf(err) == "" {
				t.Errorf("got %v", err)
			}
		})
	}
	if err := plan(func(*schedule.Plan) {}).Check(); err != nil {
		t.Error(err)
	}
}

func TestKept(t *testing.T) {
	s, err := site.At(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, is, err := schedule.Read(s); is || err != nil {
		t.Errorf("got %t, %v before", is, err)
	}
	want := plan(func(p *schedule.Plan) {
		p.Files, p.Bandwidth, p.Keep = []string{"/etc/x"}, 5, backup.Retention{Daily: 7, Yearly: 2}
	})
	if err := schedule.Write(s, want); err != nil {
		t.Fatal(err)
	}
	got, is, err := schedule.Read(s)
	if d := cmp.Diff(want, got); !is || err != nil || d != "" {
		t.Errorf("%t, %v (-want +got):\n%s", is, err, d)
	}
	if err := schedule.Forget(s); err != nil {
		t.Error(err)
	}
	if _, is, _ := schedule.Read(s); is {
		t.Error("it is still there")
	}
}

// A plan that an older sentryctl has written says nothing of what is removed:
// all backups stay.
func TestOlderPlanKeepsAll(t *testing.T) {
	s, err := site.At(t.TempDir())
	if err == nil {
		err = site.WriteFile(s.Own("backup", "schedule.yaml"), []byte("daily: \"03:30\"\nverify: weekly\ndrill: never\nio: idle\nlog_size: 4096\n"), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	p, _, err := schedule.Read(s)
	if err != nil || p.Check() != nil || !p.Keep.IsZero() || p.Prune != schedule.Weekly {
		t.Errorf("got %+v, %v, %v", p, err, p.Check())
	}
}
