package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/backup/joblog"
	"github.com/sentryctl/sentryctl/internal/backup/metrics"
	"github.com/sentryctl/sentryctl/internal/backup/notify"
	"github.com/sentryctl/sentryctl/internal/backup/schedule"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
)

type backupRunOptions struct {
	site     string
	ifMissed bool
	jitter   time.Duration
}

func newBackupRunCmd(a *app) *cobra.Command {
	var o backupRunOptions
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Do what the schedule asks for today: backup, verify, drill, forget, prune",
		Long: `Do what the schedule asks for today: a backup, then a verification and a drill
if their turn has come, and at the end, if all went well, what the schedule says
of older backups. Each is a sentryctl of its own, whose JSON lines go to
.sentryctl/backup/log/runs.jsonl; its end is told to whom notify.yaml names, and
kept for metrics. This is what the timer and the cron line call.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runBackupRun(cmd.Context(), o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.site, "site", site.DefaultDir, "directory of the installation")
	f.BoolVar(&o.ifMissed, "if-missed", false, "do nothing if a run was begun in the last day")
	f.DurationVar(&o.jitter, "jitter", 0, "wait for a random time up to this first")
	return cmd
}

func (a *app) runBackupRun(ctx context.Context, o backupRunOptions) error {
	s, rec, err := site.Open(o.site)
	if err != nil {
		return err
	}
	plan, is, err := schedule.Read(s)
	if err != nil {
		return err
	}
	if !is {
		return fault.New(fault.Usage, "Make one: sentryctl backup schedule --daily 03:30 --site "+s.Dir, "this site has no schedule")
	}
	state, err := metrics.Read(s)
	if err != nil {
		return err
	}
	if o.ifMissed && time.Since(state.LastTry) < 24*time.Hour {
		return nil
	}
	if err := wait(ctx, o.jitter); err != nil {
		return err
	}
	return a.runTasks(ctx, s, rec, plan, state)
}

func wait(ctx context.Context, most time.Duration) error {
	if most <= 0 {
		return nil
	}
	t := time.NewTimer(rand.N(most))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// taskRun is one scheduled run with all it tells.
type taskRun struct {
	site     *site.Site
	record   site.Record
	plan     schedule.Plan
	state    metrics.State
	notifier notify.Notifier
	log      io.Writer
	program  string
}

func (a *app) runTasks(ctx context.Context, s *site.Site, rec site.Record, plan schedule.Plan, state metrics.State) error {
	told, badConfig := notify.Read(notify.Path(s)) // a backup is worth more than its notice
	log, err := joblog.Open(logPath(s), plan.LogSize, plan.LogKeep)
	if err != nil {
		return err
	}
	defer log.Close()
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	t := &taskRun{site: s, record: rec, plan: plan, state: state, notifier: notify.Notifier{Config: told, Pause: 5 * time.Second}, log: log, program: program}
	if plan.MaxDuration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, plan.MaxDuration)
		defer cancel()
	}
	results, err := t.all(ctx)
	look(ctx, s, rec, byBackup)
	return errors.Join(a.tellTasks(results), err, badConfig)
}

// one runs a task and tells of it. Only the task's own failure is its error;
// what could not be told is in the log.
func (t *taskRun) one(ctx context.Context, k task) (notify.Notice, error) {
	begun := time.Now()
	aside := context.WithoutCancel(ctx)
	if k.name == taskBackup {
		t.note("ping", t.notifier.Started(aside))
		t.state.LastTry = begun
	}
	line, err := t.carry(ctx, k.args)
	n := t.notice(k.name, begun, line, err)
	t.remember(n, line)
	t.note("metrics", metrics.Write(t.site, t.state, t.plan.TextfileDir, t.record.Project))
	if !n.OK || !k.quiet {
		t.note("notice", t.notifier.Send(aside, n))
	}
	if n.OK {
		return n, nil
	}
	return n, fault.New(fault.Code(n.Code), n.Hint, "%s: %s", k.name, n.Error)
}

// lastLine is what the last line of a command's JSON output may hold.
type lastLine struct {
	Type  string     `json:"type"`
	Code  fault.Code `json:"code"`
	Error string     `json:"error"`
	Hint  string     `json:"hint"`

	Set      string    `json:"set"`
	Ended    time.Time `json:"ended"`
	Bytes    int64     `json:"bytes"`
	Added    int64     `json:"added"`
	Files    int64     `json:"files"`
	Downtime struct {
		UI     time.Duration `json:"ui_ns"`
		Ingest time.Duration `json:"ingest_ns"`
	} `json:"downtime"`
}

// grace is what a run gets to clean up when its time is over.
const grace = 10 * time.Minute

// carry runs sentryctl, copies its lines to the log and gives the last one.
func (t *taskRun) carry(ctx context.Context, args []string) (lastLine, error) {
	cmd := exec.CommandContext(ctx, t.program, append(args, "--site", t.site.Dir, "--output", "json")...)
	cmd.Args[0] = "sentryctl" // whatever the file is called
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = grace
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return lastLine{}, err
	}
	var last lastLine
	for r := bufio.NewReader(out); ; {
		line, readErr := r.ReadBytes('\n')
		if len(line) > 0 {
			var l lastLine
			if json.Unmarshal(line, &l) == nil && (l.Type == "result" || l.Type == "error") {
				last = l
			}
			_, _ = t.log.Write(line) // a full disk must not stop the backup
		}
		if readErr != nil {
			break
		}
	}
	err = cmd.Wait()
	if complaints.Len() > 0 {
		t.note("stderr", errors.New(complaints.String()))
	}
	switch {
	case cmd.ProcessState.Success(): // even if it was through just as its time was over
		return last, nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return t.overdue(last), err
	}
	return last, err
}

// overdue is what a task that was stopped for its time has to say: a code of
// its own, such as that of services that could not be let go on, stays.
func (t *taskRun) overdue(last lastLine) lastLine {
	text := fmt.Sprintf("it took longer than %s and was stopped", t.plan.MaxDuration)
	if last.Code == 0 || last.Code == fault.Cancelled {
		last.Code, last.Hint = fault.Cancelled, "Allow more with sentryctl backup schedule --max-duration, or see in "+logPath(t.site)+" where the time went"
	} else {
		text += ": " + last.Error
	}
	last.Error = text
	return last
}

func logPath(s *site.Site) string { return s.Own("backup", "log", "runs.jsonl") }

func (t *taskRun) notice(task string, begun time.Time, line lastLine, err error) notify.Notice {
	host, _ := os.Hostname() // "" reads well enough
	n := notify.Notice{
		Site: t.site.Dir, Host: host, Version: t.record.Version.String(), Task: task, OK: err == nil,
		Begun: begun.UTC(), Seconds: time.Since(begun).Seconds(),
	}
	if err != nil {
		n.Error, n.Hint, n.Code = err.Error(), line.Hint, int(cmp.Or(line.Code, fault.Other))
		if line.Error != "" {
			n.Error = line.Error // it says more than an exit code
		}
	}
	n.Text = n.Subject()
	if n.OK && line.Set != "" {
		n.Text += fmt.Sprintf(": %s, %d bytes in %d files, %d bytes added, UI away for %s", line.Set, line.Bytes, line.Files, line.Added, line.Downtime.UI.Round(time.Millisecond))
	}
	return n
}

func (t *taskRun) remember(n notify.Notice, line lastLine) {
	now := time.Now().UTC()
	switch {
	case !n.OK:
		t.state.LastFailure = n.Task + ": " + n.Error
		if n.Task == taskBackup {
			t.state.Failures++
		}
	case n.Task == taskVerify:
		t.state.LastVerify = now
	case n.Task == taskDrill:
		t.state.LastDrill = now
	case n.Task == taskPrune:
		t.state.LastPrune = now
	case n.Task == taskBackup:
		t.state = t.state.Good(now, metrics.Good{
			Set: line.Set, Bytes: line.Bytes, Added: line.Added, Files: line.Files,
			Duration: time.Duration(n.Seconds * float64(time.Second)), UI: line.Downtime.UI, Ingest: line.Downtime.Ingest,
		})
	}
}

// note puts what failed beside the work into the log.
func (t *taskRun) note(what string, err error) {
	if err == nil {
		return
	}
	line, _ := json.Marshal(struct {
		Type string    `json:"type"`
		Time time.Time `json:"time"`
		What string    `json:"what"`
		Text string    `json:"text"`
	}{"aside", time.Now().UTC(), what, err.Error()})
	_, _ = t.log.Write(append(line, '\n'))
}

func (a *app) tellTasks(results []notify.Notice) error {
	for _, n := range results {
		var err error
		if a.jsonOut() {
			err = a.writeJSON(struct {
				Type string `json:"type"`
				notify.Notice
			}{"task", n})
		} else {
			_, err = fmt.Fprintln(a.stdout, n.Text)
		}
		if err != nil {
			return err
		}
	}
	if a.jsonOut() && len(results) > 0 && results[len(results)-1].OK {
		return a.writeJSON(struct {
			Type string `json:"type"`
			OK   bool   `json:"ok"`
		}{"result", true})
	}
	return nil
}
