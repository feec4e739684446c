package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/backup/notify"
	"github.com/sentryctl/sentryctl/internal/backup/schedule"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
)

type backupScheduleOptions struct {
	site      string
	plan      schedule.Plan
	using     string
	verify    string
	drill     string
	prune     string
	bandwidth float64
	unitDir   string
}

func newBackupScheduleCmd(a *app) *cobra.Command {
	var o backupScheduleOptions
	cmd := &cobra.Command{
		Use:   "schedule",
		Short: "Make backups every night",
		Long: `Make backups every night: a systemd service and timer, with jitter and with
catching up after the machine was off, or a file for cron where there is no
systemd. The same command again changes the schedule. With --unit-dir the files
are only written there.

With --keep rules, those of "backup forget", older backups go after each good
one; without any, all stay. Nothing is removed while a backup, a verification or
a drill fails, and the newest good backup always stays.

Notices are set up in .sentryctl/backup/notify.yaml; see docs/schedule.md.`,
		Example: `  sentryctl backup schedule --daily 03:30 --verify weekly
  sentryctl backup schedule --keep-daily 7 --keep-weekly 4 --keep-monthly 12
  sentryctl backup schedule --daily 02:00 --max-duration 4h --textfile-dir /var/lib/node_exporter
  sentryctl backup schedule status`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runBackupSchedule(cmd, o) },
	}
	o.flags(cmd)
	cmd.AddCommand(newBackupScheduleStatusCmd(a))
	return cmd
}

func (o *backupScheduleOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.site, "site", site.DefaultDir, "directory of the installation")
	f.StringVar(&o.plan.Daily, "daily", "03:30", "time of day, HH:MM")
	f.StringVar(&o.verify, "verify", "weekly", "how often to read a share back: never, daily, weekly or monthly")
	f.StringVar(&o.drill, "drill", "never", "how often to restore to prove that it works: never, daily, weekly or monthly")
	keepFlags(cmd, &o.plan.Keep)
	f.StringVar(&o.prune, "prune", "weekly", "how often to free what no backup needs any more: never, daily, weekly or monthly")
	f.DurationVar(&o.plan.Jitter, "jitter", 15*time.Minute, "begin at a random time up to this later")
	f.DurationVar(&o.plan.MaxDuration, "max-duration", 6*time.Hour, "stop a run that takes longer, 0 for no limit")
	f.IntVar(&o.plan.Nice, "nice", 10, "CPU priority while all runs, 0 (normal) to 19")
	f.StringVar(&o.plan.IO, "io", "idle", "IO priority while all runs: idle, best-effort or none")
	f.Float64Var(&o.bandwidth, "bandwidth", 0, "bytes per second to upload, 0 for no limit")
	f.StringVar(&o.plan.TextfileDir, "textfile-dir", "", "directory of the node exporter's textfile collector")
	f.StringVar(&o.plan.Environment, "environment", "", "file of NAME=value lines for the runs, such as credentials")
	f.Int64Var(&o.plan.LogSize, "log-size", 10<<20, "bytes of one log file")
	f.IntVar(&o.plan.LogKeep, "log-keep", 5, "older log files to keep")
	f.StringVar(&o.using, "using", "", "systemd or cron (default: what the machine has)")
	f.StringVar(&o.unitDir, "unit-dir", "", "write the files here and set nothing going")
}

func (a *app) runBackupSchedule(cmd *cobra.Command, o backupScheduleOptions) error {
	s, _, err := site.Open(o.site)
	if err != nil {
		return err
	}
	p, err := o.asked()
	if err != nil {
		return err
	}
	if p.Drill != schedule.Never && !hasCommand(cmd.Parent(), "drill") {
		return fault.New(fault.Usage, "Leave out --drill", "this sentryctl has no drill")
	}
	if _, err := notify.Read(notify.Path(s)); err != nil {
		return err
	}
	if o.unitDir == "" { // else whoever starts the runs may give them more
		if err := unasked(s, p.Environment); err != nil {
			return err
		}
	}
	if p, err = o.replace(cmd.Context(), s, p); err != nil {
		return err
	}
	return a.tellSchedule(s, p)
}

// asked is the plan that the flags ask for, with paths that hold anywhere.
func (o backupScheduleOptions) asked() (p schedule.Plan, err error) {
	p = o.plan
	p.Verify, p.Drill, p.Prune, p.Bandwidth = schedule.Cadence(o.verify), schedule.Cadence(o.drill), schedule.Cadence(o.prune), int64(o.bandwidth)
	if p.Kind, err = o.kind(); err == nil {
		err = p.Check()
	}
	if err != nil {
		return p, err
	}
	for _, path := range []*string{&p.TextfileDir, &p.Environment} {
		if *path == "" {
			continue
		}
		if *path, err = filepath.Abs(*path); err != nil {
			return p, fmt.Errorf("find %s: %w", *path, err)
		}
	}
	return p, nil
}

// replace writes the files of a schedule in the place of those that were there,
// notes them in the site, and sets the timer going.
func (o backupScheduleOptions) replace(ctx context.Context, s *site.Site, p schedule.Plan) (schedule.Plan, error) {
	program, err := os.Executable()
	if err != nil {
		return p, fmt.Errorf("find this program: %w", err)
	}
	files, err := schedule.Render(p, s.Dir, program)
	if err != nil {
		return p, err
	}
	dir := p.Kind.Dir()
	if o.unitDir != "" {
		if dir, err = filepath.Abs(o.unitDir); err != nil {
			return p, fmt.Errorf("find %s: %w", o.unitDir, err)
		}
	}
	timer := p.Kind == schedule.Systemd && o.unitDir == ""
	if err := dropSchedule(ctx, s, timer); err != nil {
		return p, err
	}
	for _, f := range files {
		path := filepath.Join(dir, f.Name)
		p.Files = append(p.Files, path)
		if err := site.WriteFile(path, []byte(f.Text), 0o644); err != nil {
			return p, fault.New(fault.Other, "Run it as root, or write the files elsewhere with --unit-dir", "%w", err)
		}
	}
	if err := schedule.Write(s, p); err != nil || !timer {
		return p, err
	}
	return p, systemctl(ctx, []string{"daemon-reload"}, []string{"enable", "--now", schedule.Name(s.Dir) + ".timer"})
}

func hasCommand(parent *cobra.Command, name string) bool {
	return slices.ContainsFunc(parent.Commands(), func(c *cobra.Command) bool { return c.Name() == name })
}

// kind is the one asked for, or what the machine has.
func (o backupScheduleOptions) kind() (schedule.Kind, error) {
	if o.using != "" {
		if k := schedule.Kind(o.using); slices.Contains(schedule.Kinds(), k) {
			return k, nil
		}
		return "", fault.New(fault.Usage, "Choose systemd or cron", "--using %q", o.using)
	}
	if isDir("/run/systemd/system") {
		return schedule.Systemd, nil
	}
	if isDir(schedule.Cron.Dir()) {
		return schedule.Cron, nil
	}
	return "", fault.New(fault.Usage, "Choose with --using and --unit-dir, and call sentryctl backup run daily yourself", "this machine has neither systemd nor /etc/cron.d")
}

// systemctl runs commands of systemd.
func systemctl(ctx context.Context, commands ...[]string) error {
	for _, args := range commands {
		if out, err := exec.CommandContext(ctx, "systemctl", args...).CombinedOutput(); err != nil {
			return fault.New(fault.Other, "Run it yourself: systemctl "+strings.Join(args, " "), "systemctl %s: %w: %s", args[0], err, strings.TrimSpace(string(out)))
		}
	}
	return nil
}

// dropSchedule removes what stands outside of the site. Anew means that files
// of the same names follow at once, so that systemd need not be told.
func dropSchedule(ctx context.Context, s *site.Site, anew bool) error {
	p, is, err := schedule.Read(s)
	if err != nil || !is {
		return err
	}
	timer := filepath.Join(schedule.Systemd.Dir(), schedule.Name(s.Dir)+".timer")
	ours := slices.Contains(p.Files, timer)
	if ours && !anew {
		if err := systemctl(ctx, []string{"disable", "--now", filepath.Base(timer)}); err != nil {
			return err
		}
	}
	for _, f := range p.Files {
		if err := os.Remove(f); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove the schedule: %w", err)
		}
	}
	if ours && !anew {
		return systemctl(ctx, []string{"daemon-reload"})
	}
	return nil
}

func newBackupUnscheduleCmd(a *app) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "unschedule",
		Short: "Make no more backups by themselves",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.runBackupUnschedule(cmd.Context(), dir) },
	}
	cmd.Flags().StringVar(&dir, "site", site.DefaultDir, "directory of the installation")
	return cmd
}

func (a *app) runBackupUnschedule(ctx context.Context, dir string) error {
	s, _, err := site.Open(dir)
	if err != nil {
		return err
	}
	_, was, err := schedule.Read(s)
	if err != nil {
		return err
	}
	if err := dropSchedule(ctx, s, false); err != nil {
		return err
	}
	if err := schedule.Forget(s); err != nil {
		return err
	}
	if a.jsonOut() {
		return a.writeJSON(struct {
			Type    string `json:"type"`
			Changed bool   `json:"changed"`
		}{"result", was})
	}
	text := "No more backups are made by themselves. Those that are there stay."
	if !was {
		text = "There was no schedule."
	}
	_, err = fmt.Fprintln(a.stdout, text)
	return err
}
