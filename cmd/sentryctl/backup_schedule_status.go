package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/backup/metrics"
	"github.com/sentryctl/sentryctl/internal/backup/schedule"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/ui/format"
)

func newBackupScheduleStatusCmd(a *app) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Say when backups are made, and how the last ones went",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return a.runBackupScheduleStatus(dir) },
	}
	cmd.Flags().StringVar(&dir, "site", site.DefaultDir, "directory of the installation")
	return cmd
}

func (a *app) runBackupScheduleStatus(dir string) error {
	s, _, err := site.Open(dir)
	if err != nil {
		return err
	}
	p, is, err := schedule.Read(s)
	if err != nil {
		return err
	}
	if !is {
		return a.tellUnscheduled(s)
	}
	return a.tellSchedule(s, p)
}

func (a *app) tellUnscheduled(s *site.Site) error {
	if a.jsonOut() {
		return a.writeJSON(struct {
			Type      string `json:"type"`
			Site      string `json:"site"`
			Scheduled bool   `json:"scheduled"`
		}{"result", s.Dir, false})
	}
	_, err := fmt.Fprintln(a.stdout, "No backups are made by themselves. To change that: sentryctl backup schedule --daily 03:30")
	return err
}

func (a *app) tellSchedule(s *site.Site, p schedule.Plan) error {
	state, err := metrics.Read(s)
	if err != nil {
		return err
	}
	missing := missingFiles(p)
	if a.jsonOut() {
		return a.writeJSON(struct {
			Type      string        `json:"type"`
			Site      string        `json:"site"`
			Scheduled bool          `json:"scheduled"`
			Plan      schedule.Plan `json:"plan"`
			Missing   []string      `json:"missing,omitempty"`
			State     metrics.State `json:"state"`
		}{"result", s.Dir, true, p, missing, state})
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "Every day at\t%s, up to %s later, by %s\n", p.Daily, p.Jitter, p.Kind)
	fmt.Fprintf(w, "Verify\t%s, last %s\n", p.Verify, when(state.LastVerify))
	fmt.Fprintf(w, "Drill\t%s, last %s\n", p.Drill, when(state.LastDrill))
	fmt.Fprintf(w, "Kept\t%s\n", p.Keep)
	fmt.Fprintf(w, "Prune\t%s, last %s\n", p.Prune, when(state.LastPrune))
	fmt.Fprintf(w, "Last good backup\t%s\n", when(state.LastGood))
	switch {
	case state.Failures > 0:
		fmt.Fprintf(w, "Failed since\t%d, the last: %s\n", state.Failures, format.Clean(state.LastFailure))
	case state.LastFailure != "":
		fmt.Fprintf(w, "Failed since\t%s\n", format.Clean(state.LastFailure))
	}
	fmt.Fprintf(w, "Files\t%s\n", strings.Join(p.Files, "\n\t"))
	fmt.Fprintf(w, "Log\t%s\n", logPath(s))
	for _, f := range missing {
		fmt.Fprintf(w, "Missing\t%s; write it again with sentryctl backup schedule\n", f)
	}
	return w.Flush()
}

func missingFiles(p schedule.Plan) (missing []string) {
	for _, f := range p.Files {
		if !isFile(f) {
			missing = append(missing, f)
		}
	}
	return missing
}

func when(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Local().Format("2006-01-02 15:04")
}
