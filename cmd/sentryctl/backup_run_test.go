package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/backup/metrics"
	"github.com/sentryctl/sentryctl/internal/backup/notify"
	"github.com/sentryctl/sentryctl/internal/backup/schedule"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
)

// nightly is a scheduled run whose program is a shell script, and what it
// tells a web hook.
type nightly struct {
	*taskRun
	dir string
	log bytes.Buffer

	mu   sync.Mutex
	told []notify.Notice
}

func newNightly(t *testing.T, plan schedule.Plan, script string) *nightly {
	t.Helper()
	n := &nightly{dir: t.TempDir()}
	s, err := site.At(filepath.Join(n.dir, "site"))
	if err == nil {
		err = s.Create()
	}
	program := filepath.Join(n.dir, "program")
	if err == nil {
		err = os.WriteFile(program, []byte("#!/bin/sh\ncd "+n.dir+"\necho \"$*\" >>calls\n"+script+"\n"), 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var heard notify.Notice
		if err := json.NewDecoder(r.Body).Decode(&heard); err != nil {
			t.Errorf("a notice: %v", err)
		}
		n.mu.Lock()
		defer n.mu.Unlock()
		n.told = append(n.told, heard)
	}))
	t.Cleanup(hook.Close)
	n.taskRun = &taskRun{site: s, plan: plan, log: &n.log, program: program,
		notifier: notify.Notifier{Config: notify.Config{Webhooks: []notify.Webhook{{Address: notify.Address{URL: hook.URL}}}}}}
	return n
}

// calls are the command lines of the tasks, without what all of them have.
func (n *nightly) calls(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(n.dir, "calls"))
	if err != nil {
		t.Fatal(err)
	}
	all := strings.ReplaceAll(strings.TrimSpace(string(data)), " --site "+n.site.Dir+" --output json", "")
	return strings.Split(all, "\n")
}

func (n *nightly) tasksTold() (names []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, one := range n.told {
		names = append(names, one.Task)
	}
	return names
}

const (
	good = `echo '{"type":"result","set":"x"}'`
	full = "backup create --description scheduled"
)

// What is due is done in order; what fails keeps the backups that are there.
func TestTasksOfARun(t *testing.T) {
	all := schedule.Plan{Verify: schedule.Daily, Drill: schedule.Daily, Prune: schedule.Daily, Keep: backup.Retention{Last: 3, Daily: 7}}
	failing := func(task string) string {
		return `case "$*" in "backup ` + task + ` "*) echo '{"type":"error","code":13,"error":"damaged","hint":"look"}'; exit 13;; esac; ` + good
	}
	const forget = "backup forget --keep-last 3 --keep-daily 7"
	recent := metrics.State{LastVerify: time.Now(), LastDrill: time.Now(), LastPrune: time.Now()}
	cases := []struct {
		name   string
		plan   schedule.Plan
		state  metrics.State
		script string
		code   fault.Code
		calls  []string
		told   []string
	}{
		{"all is due", all, metrics.State{}, good, 0, []string{full, "backup verify", "backup drill", forget, "backup prune"}, []string{"backup", "verify", "drill"}},
		{"only what is due", all, recent, good, 0, []string{full, forget}, []string{"backup"}},
		{"no rules keep all", schedule.Plan{Prune: schedule.Never}, metrics.State{}, good, 0, []string{full}, []string{"backup"}},
		{"a limit of bandwidth", schedule.Plan{Bandwidth: 5000000}, metrics.State{}, good, 0, []string{full + " --upload-limit 5000000"}, []string{"backup"}},
		{"a backup that fails", all, metrics.State{}, failing("create"), fault.Integrity, []string{full}, []string{"backup"}},
		{"a backup that is damaged", all, metrics.State{}, failing("verify"), fault.Integrity, []string{full, "backup verify"}, []string{"backup", "verify"}},
		{"a backup that does not come back", all, metrics.State{}, failing("drill"), fault.Integrity, []string{full, "backup verify", "backup drill"}, []string{"backup", "verify", "drill"}},
		{"a failure of what is quiet", all, recent, failing("forget"), fault.Integrity, []string{full, forget}, []string{"backup", "forget"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			n := newNightly(t, c.plan, c.script)
			n.state = c.state
			_, err := n.all(t.Context())
			if err == nil && c.code != 0 || err != nil && fault.CodeOf(err) != c.code {
				t.Errorf("got %v, want code %d", err, c.code)
			}
			if d := cmp.Diff(c.calls, n.calls(t)); d != "" {
				t.Errorf("calls (-want +got):\n%s", d)
			}
			if d := cmp.Diff(c.told, n.tasksTold()); d != "" {
				t.Errorf("told (-want +got):\n%s", d)
			}
			pruned := slices.Contains(c.calls, "backup prune")
			if st, err := metrics.Read(n.site); err != nil || pruned != (st.LastPrune.After(c.state.LastPrune)) {
				t.Errorf("kept: %+v, %v", st, err)
			}
		})
	}
}

// overdue is a context whose deadline comes when the test says so.
type overdue struct {
	context.Context
	over chan struct{}
}

func (o overdue) Done() <-chan struct{} { return o.over }

func (o overdue) Err() error {
	select {
	case <-o.over:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// A run that takes too long gets SIGTERM, and what it says in its end counts.
func TestOverdueRun(t *testing.T) {
	cases := []struct {
		name, end string
		code      fault.Code
		text      string
		ok        bool
	}{
		{"it is cancelled", `echo '{"type":"error","code":130,"error":"cancelled"}'; exit 130`, fault.Cancelled, "it took longer than 6h0m0s and was stopped", false},
		{"it cannot say a word", `exit 1`, fault.Cancelled, "it took longer than 6h0m0s and was stopped", false},
		{"services do not go on", `echo '{"type":"error","code":6,"error":"web stands still","hint":"Run it"}'; exit 6`, fault.Resumable,
			"it took longer than 6h0m0s and was stopped: web stands still", false},
		{"it was through", good + `; exit 0`, 0, "", true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			n := newNightly(t, schedule.Plan{MaxDuration: 6 * time.Hour},
				"end() { echo TERM >>signals; "+c.end+"; }\ntrap end TERM\necho >begun\nwhile read nothing; do :; done <fed") // it ends with this test, whatever becomes of it
			if err := syscall.Mkfifo(filepath.Join(n.dir, "fed"), 0o600); err != nil {
				t.Fatal(err)
			}
			begun := filepath.Join(n.dir, "begun")
			if err := syscall.Mkfifo(begun, 0o600); err != nil {
				t.Fatal(err)
			}
			ctx := overdue{t.Context(), make(chan struct{})}
			go func() {
				defer close(ctx.over)
				f, err := os.Open(begun) // until the script writes to it
				if err != nil {
					t.Error(err)
					return
				}
				defer f.Close()
				_, _ = io.Copy(io.Discard, f)
			}()
			fed, err := os.OpenFile(filepath.Join(n.dir, "fed"), os.O_RDWR|syscall.O_NONBLOCK, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer fed.Close()
			go func() { // a shell looks for signals after a command, not while it waits in one
				for err := error(nil); err == nil; {
					_, err = fed.WriteString("\n")
				}
			}()
			_, err = n.all(ctx)
			if signals, readErr := os.ReadFile(filepath.Join(n.dir, "signals")); string(signals) != "TERM\n" {
				t.Errorf("it heard %q, %v", signals, readErr)
			}
			if (err == nil) != c.ok || err != nil && fault.CodeOf(err) != c.code {
				t.Errorf("got %v, want code %d", err, c.code)
			}
			if len(n.told) != 1 || n.told[0].OK != c.ok || n.told[0].Error != c.text || n.told[0].Code != int(c.code) || (n.told[0].Hint == "") != c.ok {
				t.Errorf("told: %+v", n.told)
			}
		})
	}
}
