package main

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/sentryctl/sentryctl/internal/backup/notify"
)

// The tasks of a scheduled run, by the names that notices and logs use.
const (
	taskBackup = "backup"
	taskVerify = "verify"
	taskDrill  = "drill"
	taskForget = "forget"
	taskPrune  = "prune"
)

// task is one thing that a scheduled run does.
type task struct {
	name  string
	args  []string
	due   bool
	quiet bool // only its failure is worth a notice
}

// tasks lists what to do, in order. Backups are removed last, and a task that
// fails ends the run: what stands against the new backup keeps the old ones.
func (t *taskRun) tasks(now time.Time) []task {
	return []task{
		{name: taskBackup, args: t.createArgs(), due: true},
		{name: taskVerify, args: []string{"backup", "verify"}, due: t.plan.Verify.Due(t.state.LastVerify, now)},
		{name: taskDrill, args: []string{"backup", "drill"}, due: t.plan.Drill.Due(t.state.LastDrill, now)},
		{name: taskForget, args: append([]string{"backup", "forget"}, keepArgs(t.plan.Keep)...), due: !t.plan.Keep.IsZero(), quiet: true},
		{name: taskPrune, args: []string{"backup", "prune"}, due: t.plan.Prune.Due(t.state.LastPrune, now), quiet: true},
	}
}

// all does what is due.
func (t *taskRun) all(ctx context.Context) (results []notify.Notice, err error) {
	for _, k := range t.tasks(time.Now()) {
		if !k.due {
			continue
		}
		n, end := t.one(ctx, k)
		results = append(results, n)
		err = errors.Join(err, end)
		if !n.OK {
			return results, err
		}
	}
	return results, err
}

func (t *taskRun) createArgs() []string {
	args := []string{"backup", "create", "--description", "scheduled"}
	if t.plan.Bandwidth > 0 {
		args = append(args, "--upload-limit", strconv.FormatInt(t.plan.Bandwidth, 10))
	}
	return args
}
