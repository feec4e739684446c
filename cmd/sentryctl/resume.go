package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/step"
)

type resumeOptions struct {
	site string
	done string
	redo string
	hop  bool
}

// thisHopFlag lets resume end after the hop that is under way.
const thisHopFlag = "this-hop"

func newResumeCmd(a *app) *cobra.Command {
	var o resumeOptions
	cmd := &cobra.Command{
		Use:   "resume",
		Short: "Go on with a run that did not come to its end",
		Long: `Go on with a run that did not come to its end.

Steps that are done are passed over. When a step was interrupted and cannot
tell whether it happened, look, and then mark it with --done or --redo.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runResume(cmd.Context(), o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.site, "site", site.DefaultDir, "directory of the installation")
	f.StringVar(&o.done, "done", "", "ID of the step in doubt that did happen")
	f.StringVar(&o.redo, "redo", "", "ID of the step in doubt that did not happen, or may be repeated")
	f.BoolVar(&o.hop, thisHopFlag, false, "end after the hop that is under way, not at the end of the path")
	return cmd
}

func (a *app) runResume(ctx context.Context, o resumeOptions) error {
	if o.done != "" && o.redo != "" {
		return fault.New(fault.Usage, "Give --done or --redo", "a step has happened or it has not: --done and --redo exclude each other")
	}
	s, err := site.At(o.site)
	if err != nil {
		return err
	}
	last, unfinished, err := s.Unfinished()
	if err != nil {
		return err
	}
	if note, is, err := restoreToResume(s, last, unfinished); err != nil {
		return err
	} else if is && o.done == "" && o.redo == "" {
		return a.resumeRestore(ctx, s, note)
	}
	_, rec, err := site.Open(o.site)
	if err != nil {
		return err // a run that died before its first step has done nothing
	}
	header, ok := step.HeaderOf(last.Records)
	if !unfinished || !ok {
		if b, cut, err := betweenHops(s, rec.Version.String(), last); err != nil {
			return err
		} else if cut {
			return a.runUpgrade(ctx, restOfPath(b, backupOptions{site: o.site}))
		}
		if left, err := a.sweepRehearsal(ctx, s, rec); left || err != nil {
			return a.tellSwept(s, err)
		}
		return fault.New(fault.Usage, "Look at the last run in "+s.Own("runs"), "nothing to resume in %s: the last run came to its end", s.Dir)
	}
	if err := mark(s, last, o); err != nil {
		return err
	}
	switch header.Workflow {
	case installWorkflow:
	case applyWorkflow:
		return a.runConfigApply(ctx, configApplyOptions{site: o.site, yes: true, conflict: appliedConflict(header.Command)})
	case backupWorkflow:
		return a.resumeBackup(ctx, s, last.ID)
	case upgradeWorkflow:
		return a.resumeUpgrade(ctx, backupOptions{site: o.site}, s, o.hop)
	case rollbackWorkflow:
		return a.resumeRollback(ctx, backupOptions{site: o.site}, s)
	case restoreWorkflow:
		return fault.New(fault.Resumable, "Give the command again: "+strings.Join(header.Command, " "), "a restore goes on by its own command")
	default:
		return fault.New(fault.Usage, "Use the sentryctl that began it: "+header.Tool, "this sentryctl knows no workflow %q", header.Workflow)
	}
	return a.runInstall(ctx, installOptions{
		site: o.site, version: header.Version, yes: true, acceptAvoided: true,
		noStart: slices.Contains(header.Command, "--no-start"), ignore: ignored(header.Command),
	})
}

// ignored are the checks that the command line of a run let pass.
func ignored(command []string) []string {
	var ids []string
	for _, arg := range command {
		if id, ok := strings.CutPrefix(arg, ignoreFlag); ok {
			ids = append(ids, id)
		}
	}
	return ids
}

// mark writes the admin's word about a step in doubt into the journal.
func mark(s *site.Site, run site.Run, o resumeOptions) error {
	id, rec := step.ID(o.done), step.Record{Kind: step.KindDone, Already: true}
	if o.redo != "" {
		id, rec = step.ID(o.redo), step.Record{Kind: step.KindFailed, Error: "to be repeated, says the admin", Undone: true}
	}
	if id == "" {
		return nil
	}
	inDoubt := step.InDoubt(run.Records)
	if !slices.ContainsFunc(inDoubt, func(r step.Record) bool { return r.Step == id }) {
		return fault.New(fault.Usage, "Look at "+s.Own("runs", run.ID+".jsonl"), "step %q is not in doubt", id)
	}
	unlock, err := s.Lock("sentryctl resume --site " + s.Dir)
	if err != nil {
		return err
	}
	defer unlock()
	journal, err := s.OpenRun(run.ID)
	if err != nil {
		return err
	}
	defer journal.Close()
	rec.Step, rec.Time = id, time.Now().UTC()
	return journal.Append(rec)
}
