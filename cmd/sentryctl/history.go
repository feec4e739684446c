package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/step"
	"github.com/sentryctl/sentryctl/internal/ui/format"
	"github.com/sentryctl/sentryctl/internal/upgrade"
)

func newHistoryCmd(a *app) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "history",
		Short: "List the runs of a site, and the interruptions that were measured",
		Long: `List the runs of a site, newest first, out of their journals: what was done,
when, how long it took and how it ended. A run that interrupts service also
says for how long the front door and the way of events were closed, and what
had been predicted.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.runHistory(dir) },
	}
	cmd.Flags().StringVar(&dir, "site", site.DefaultDir, "directory of the installation")
	return cmd
}

// pastRun is one run as its journal tells it, with what was measured.
type pastRun struct {
	Run       string        `json:"run"`
	Workflow  string        `json:"workflow"`
	Version   string        `json:"version,omitempty"`
	Began     time.Time     `json:"began,omitzero"`
	ElapsedNS time.Duration `json:"elapsed_ns"`
	Result    string        `json:"result"` // a word of the results below
	Error     string        `json:"error,omitempty"`
	Outages   []site.Outage `json:"outages"`
}

// How a run ended.
const (
	runDone       = "done"
	runFailed     = "failed"
	runUnfinished = "unfinished"
	runNotBegun   = "not begun"  // a hop that failed while the former release went on serving
	runTakenBack  = "taken back" // a hop that a rollback has undone, by itself or by hand
)

func (a *app) runHistory(dir string) error {
	s, _, err := site.Open(dir)
	if err != nil {
		return err
	}
	runs, err := s.Runs()
	if err != nil {
		return err
	}
	outages, err := s.History()
	if err != nil {
		return err
	}
	list := past(runs, outages)
	if !a.jsonOut() {
		return writeHistory(a.stdout, list)
	}
	return a.writeJSON(struct {
		Type string    `json:"type"`
		Site string    `json:"site"`
		Runs []pastRun `json:"runs"`
	}{"history", s.Dir, some(list)})
}

// past joins journals and measurements, newest first. A measurement whose
// journal is gone still counts as a run.
func past(runs []site.Run, outages []site.Outage) []pastRun {
	var list []pastRun
	taken, hop := map[string]bool{}, -1
	for i, r := range runs {
		p := journalled(r)
		switch {
		case p.Workflow == upgradeWorkflow && p.Result != runNotBegun:
			hop = i
		case p.Workflow == rollbackWorkflow && p.Result == runDone && hop >= 0:
			list[hop].Result, hop = runTakenBack, -1 // it undoes the last hop
		}
		for _, o := range outages {
			if o.Run == r.ID {
				p.Outages = append(p.Outages, o)
			}
		}
		taken[r.ID] = true
		list = append(list, p)
	}
	for _, o := range outages {
		if !taken[o.Run] {
			list = append(list, pastRun{Run: o.Run, Workflow: o.Workflow, Version: o.To.String(), Began: o.Time, Result: string(o.Result), Outages: []site.Outage{o}})
		}
	}
	slices.SortStableFunc(list, func(a, b pastRun) int { return b.Began.Compare(a.Began) })
	return list
}

func journalled(r site.Run) pastRun {
	p := pastRun{Run: r.ID, Result: runUnfinished, Outages: []site.Outage{}}
	h, ok := step.HeaderOf(r.Records)
	if !ok {
		return p
	}
	p.Workflow, p.Version = h.Workflow, h.Version
	first, last := r.Records[0], r.Records[len(r.Records)-1]
	p.Began, p.ElapsedNS = first.Time, last.Time.Sub(first.Time)
	if step.Finished(r.Records) {
		p.Result = cameTo(h, r.Records)
	} else if last.Kind == step.KindFailed {
		p.Result = runFailed
	}
	for i := len(r.Records) - 1; p.Result != runDone && p.Error == "" && i >= 0; i-- {
		p.Error = r.Records[i].Error
	}
	return p
}

// cameTo says what a run came to whose journal is closed. That of one that
// failed is closed too, when nothing is left to go on with.
func cameTo(h step.Header, records []step.Record) string {
	switch {
	case step.Complete(h, records):
		return runDone
	case h.Workflow == upgradeWorkflow && upgrade.HowFar(upgrade.Hop{}, records) == upgrade.Untouched:
		return runNotBegun
	}
	return runFailed
}

func writeHistory(out io.Writer, list []pastRun) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(out, "No run has been made here.")
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "BEGAN\tRUN\tRESULT\tTOOK\tCLOSED")
	for _, p := range list {
		fmt.Fprintln(w, strings.TrimRight(strings.Join([]string{
			p.Began.Local().Format("2006-01-02 15:04"), strings.TrimSpace(p.Workflow + " " + p.Version), p.Result, format.Elapsed(p.ElapsedNS), "",
		}, "\t"), "\t")+closed(p))
	}
	return w.Flush()
}

// closed says what each hop of a run interrupted.
func closed(p pastRun) string {
	var texts []string
	for _, o := range p.Outages {
		text := fmt.Sprintf("UI %s, events %s", format.Elapsed(o.UINS), format.Elapsed(o.IngestNS))
		if o.PredictedNS > 0 {
			text += ", predicted " + format.About(o.PredictedNS)
		}
		if !o.From.IsZero() && o.From != o.To {
			text = fmt.Sprintf("%s -> %s: %s", o.From, o.To, text)
		}
		texts = append(texts, text)
	}
	if len(texts) == 0 {
		return ""
	}
	return "\t" + strings.Join(texts, "; ")
}
