package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/helper"
	"github.com/sentryctl/sentryctl/internal/preflight/machine"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/stack"
	"github.com/sentryctl/sentryctl/internal/step"
	"github.com/sentryctl/sentryctl/internal/ui/format"
	"github.com/sentryctl/sentryctl/internal/upgrade"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// rehearsalReserve is what stays free on the Engine's disk for the site.
const rehearsalReserve = 2 << 30

// rehearsalMemory is what stays free for the site beside a second stack.
const rehearsalMemory = 512 << 20

const rehearsalWorkflow = "rehearsal"

// try makes the copy, sees that it works as it is, and takes it along the path.
func (r *rehearsal) try(ctx context.Context) error {
	trees, err := r.trees(ctx)
	if err != nil {
		return err
	}
	began := time.Now()
	if err := r.makeCopy(ctx); err != nil {
		return err
	}
	r.report.CopyTook = time.Since(began)
	began = time.Now()
	if err := r.startCopy(ctx); err != nil {
		return err
	}
	r.report.StartTook = time.Since(began)
	for i, h := range r.plan.Hops {
		b := r.options.begin(r.catalog, h, trees[i:], r.plan)
		b.Run = site.NewRunID(time.Now(), rehearsalWorkflow)
		if err := r.hop(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

func (r *rehearsal) trees(ctx context.Context) ([]release.Tree, error) {
	var trees []release.Tree
	for _, h := range r.plan.Hops {
		tree, err := r.app.hopRelease(ctx, r.site, h.To, r.work.Path("trees"), r.options.sources().of(h.To, r.plan.To))
		if err != nil {
			return nil, err
		}
		trees = append(trees, tree)
	}
	return trees, nil
}

// makeCopy copies files and volumes. No other run changes the site meanwhile.
func (r *rehearsal) makeCopy(ctx context.Context) (err error) {
	unlock, err := r.site.Lock("sentryctl upgrade --rehearse --site " + r.site.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	last, unfinished, err := r.site.Unfinished()
	if err != nil {
		return err
	}
	if unfinished {
		return fault.New(fault.Resumable, "Finish it first: sentryctl resume --site "+r.site.Dir, "the run %s did not come to its end", last.ID)
	}
	whole, err := stack.Load(ctx, stack.LoadOptions{Dir: r.site.Dir})
	if err != nil {
		return err
	}
	st, err := r.apart(ctx)
	if err != nil {
		return err
	}
	from := r.engine.Stack(whole, r.sink)
	if err := enoughMemory(ctx, from); err != nil {
		return err
	}
	if err := upgrade.CopySite(r.site, r.copy, r.record.Version); err != nil {
		return err
	}
	if err := sinkMail(r.copy); err != nil {
		return err
	}
	if err := from.LendImages(ctx, st); err != nil {
		return err
	}
	return r.copyVolumes(ctx, from, st)
}

// enoughMemory asks whether a second stack fits beside the one that runs.
func enoughMemory(ctx context.Context, s *stack.Stack) error {
	used, err := s.MemoryUsed(ctx)
	if err != nil {
		return err
	}
	left, err := machine.Here().MemoryLeft()
	if err != nil {
		return err
	}
	if need := used + rehearsalMemory; left < need {
		return fault.New(fault.PreflightBlocked, "Rehearse on a machine with more memory: sentryctl restore brings the site there",
			"a second stack has no room in memory: the site's containers hold %s, %s of %s are left", format.Bytes(used), format.Bytes(left), format.Bytes(need))
	}
	return nil
}

// copyVolumes copies what cannot be made again, and Kafka's log: events that
// wait are worked off in the copy too.
func (r *rehearsal) copyVolumes(ctx context.Context, from, to *stack.Stack) error {
	all, err := backup.Classify(from.Model(), backup.Choice{})
	if err != nil {
		return err
	}
	t := workload.Talk{Helper: workload.Helper{Name: "clone", Args: []string{"clone", "--reserve", fmt.Sprint(rehearsalReserve)}}, Weight: workload.Weight{CPU: 64, Disk: 10}}
	for _, copied := range to.Model().Volumes {
		if err := to.CreateVolume(ctx, copied.EngineName, copied.Name); err != nil {
			return err
		}
		for _, v := range all {
			if v.Name != copied.Name || !v.Taken() && v.Class != backup.Queue {
				continue
			}
			if have, err := from.VolumeExists(ctx, v.EngineName); err != nil {
				return err
			} else if have {
				t.Args = append(t.Args, "--volume", v.Name)
				t.Mounts = append(t.Mounts, workload.Mount{Volume: v.EngineName, Path: cloneFrom + v.Name, ReadOnly: true},
					workload.Mount{Volume: copied.EngineName, Path: cloneTo + v.Name})
			}
		}
	}
	t.Line = func(line []byte) {
		var c helper.Cloned
		if json.Unmarshal(line, &c) == nil && c.Type == "clone" {
			r.report.Copied, r.report.Shared = c.Done, c.Shared
			r.sink.Emit(event.Progress{Item: c.Volume, Unit: "bytes", Done: c.Done, Total: c.Total})
		}
	}
	in, open := io.Pipe() // the helper ends when this process does
	defer open.Close()
	t.In = in
	return to.Talk(ctx, t)
}

// startCopy starts the copy at the present release. One that does not work
// tells nothing of the upgrade.
func (r *rehearsal) startCopy(ctx context.Context) error {
	h, err := r.run(upgrade.Begun{Run: site.NewRunID(r.report.Begun, rehearsalWorkflow)})
	if err != nil {
		return err
	}
	st, err := h.project(ctx, r.copy.Dir)
	if err == nil {
		err = st.Start(ctx)
	}
	if err == nil {
		err = h.gate(ctx, st)
	}
	if err == nil || ctx.Err() != nil {
		return err
	}
	dir := r.keepFailed(ctx, h)
	return fault.New(fault.Resumable, "Read what failed in "+dir+"; nothing of the upgrade was tried yet",
		"the copy of the site does not work at %s, before any change: %w", r.record.Version, err)
}

// run wires a hop to the copy.
func (r *rehearsal) run(b upgrade.Begun) (*hopRun, error) {
	c, err := openCopy(r.copy)
	if err != nil {
		return nil, err
	}
	r.sink.Add(c.secrets(c.answers)...)
	return &hopRun{app: r.app, site: r.copy, config: c, begun: b, engine: r.engine, sink: r.sink, copied: r.copied()}, nil
}

// hop takes the copy one hop on, by the steps of the real one.
func (r *rehearsal) hop(ctx context.Context, b upgrade.Begun) error {
	if err := upgrade.WriteNote(r.copy, b); err != nil {
		return err
	}
	h, err := r.run(b)
	if err != nil {
		return err
	}
	journal, err := r.copy.OpenRun(b.Run)
	if err != nil {
		return err
	}
	defer journal.Close()
	began := time.Now()
	err = h.walk(ctx, journal)
	told := upgrade.RehearsedHop{From: b.Hop.From, To: b.Hop.To, Rungs: b.Rungs, Good: err == nil, Took: time.Since(began), Steps: upgrade.StepTimes(journal.Records())}
	if gaps, histErr := r.copy.History(); histErr == nil && len(gaps) > 0 && gaps[len(gaps)-1].Run == b.Run {
		told.UI, told.Ingest = gaps[len(gaps)-1].UINS, gaps[len(gaps)-1].IngestNS
	}
	r.report.Hops = append(r.report.Hops, told)
	if err == nil || ctx.Err() != nil {
		return err
	}
	dir := r.keepFailed(ctx, h)
	return fault.New(fault.Resumable, "Read what failed in "+dir+", mend it, and rehearse again; the site was not touched",
		"the rehearsal of %s to %s failed at %s: %w", b.Hop.From, b.Hop.To, failedAt(journal.Records()), err)
}

func failedAt(records []step.Record) step.ID {
	for i := len(records) - 1; i >= 0; i-- {
		if records[i].Kind == step.KindFailed {
			return records[i].Step
		}
	}
	return "its beginning"
}

// keepFailed keeps logs and journal in the site, as for a hop of its own.
func (r *rehearsal) keepFailed(ctx context.Context, h *hopRun) (dir string) {
	run := h.begun.Run
	dir = upgrade.FailedDir(r.site, run)
	err := upgrade.KeepFailed(ctx, &upgrade.BackEnv{
		Site: r.copy, Failed: upgrade.Failed{Run: run, Mask: r.sink.Redact}, Sink: r.sink,
		Open: func(ctx context.Context) (upgrade.Stack, error) { return h.project(ctx, r.copy.Dir) },
	})
	if err == nil {
		err = os.MkdirAll(filepath.Dir(dir), 0o700)
	}
	if err == nil {
		err = os.Rename(upgrade.FailedDir(r.copy, run), dir)
	}
	if err != nil {
		r.sink.Emit(event.Notice{Level: "warn", Text: "not kept: " + err.Error()})
	}
	return dir
}

// free is the room on the Engine's disk, -1 where it is not known.
func (r *rehearsal) free() int64 {
	d, err := machine.Here().Disk(r.info.RootDir)
	if err != nil {
		return -1
	}
	return d.FreeBytes
}
