package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/stack"
	"github.com/sentryctl/sentryctl/internal/ui/redact"
)

type backupDrillOptions struct {
	backupOptions
	cpus   float64
	memory int64
}

func newBackupDrillCmd(a *app) *cobra.Command {
	var o backupDrillOptions
	cmd := &cobra.Command{
		Use:   "drill [BACKUP]",
		Short: "Prove that a backup comes back (default: the newest)",
		Long: `Prove that a backup comes back: restore it into a project of its own beside the
site, start its databases and web there, count users, projects and events, find
the newest event, and take all of it down again. The copy has volumes and
networks of its own, reaches nothing outside, publishes no port, and is bounded
in what it may use. The site is not touched.

The report and its signature are kept in .sentryctl/backup/drills.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runBackupDrill(cmd.Context(), o, append(args, "")[0])
		},
	}
	o.flags(cmd)
	cmd.Flags().Float64Var(&o.cpus, "cpus", 1, "CPUs that each container may use")
	cmd.Flags().Int64Var(&o.memory, "memory", 4096, "MiB of memory that each container may use")
	return cmd
}

func (a *app) runBackupDrill(ctx context.Context, o backupDrillOptions, id string) error {
	if o.cpus <= 0 || o.memory < 64 {
		return fault.New(fault.Usage, "Give --cpus above 0 and --memory of 64 or more", "these bounds leave no room to run")
	}
	if _, _, err := site.Open(o.site); err != nil {
		return err // the report is kept there
	}
	return a.withRepository(ctx, o.backupOptions, func(rep *repository.Repository, rec site.Record) error {
		set, err := a.pick(ctx, rep, rec.Project, id)
		if err != nil {
			return err
		}
		return a.drill(ctx, o, rep, rec, set)
	})
}

// drill makes one in a directory of its own, under a lock of its own: a
// backup may be made at the same time.
func (a *app) drill(ctx context.Context, o backupDrillOptions, rep *repository.Repository, rec site.Record, set backup.Set) error {
	s, err := site.At(o.site)
	if err != nil {
		return err
	}
	acc, err := o.access(a, s)
	if err != nil {
		return err
	}
	work, err := site.At(s.Own("backup", "drill"))
	if err == nil {
		err = work.Create()
	}
	if err != nil {
		return err
	}
	unlock, err := work.Lock("sentryctl backup drill --site " + s.Dir)
	if err != nil {
		return err
	}
	defer unlock()
	var d backup.Drilled
	err = a.withSink(ctx, func(ctx context.Context, sink *redact.Sink) error {
		hide(sink.Add, acc)
		d, err = o.carryOut(ctx, drilling{work: work, access: acc, repository: rep, set: set, project: rec.Project + "-drill", sink: sink})
		return err
	})
	if err != nil {
		return err
	}
	return a.tellDrill(s, d)
}

// drilling is one drill as the command line has it.
type drilling struct {
	work       *site.Site
	access     repository.Access
	repository *repository.Repository
	set        backup.Set
	project    string
	sink       event.Sink
}

func (o backupDrillOptions) carryOut(ctx context.Context, d drilling) (out backup.Drilled, err error) {
	tree := filepath.Join(d.work.Dir, "tree")
	if err := os.RemoveAll(tree); err != nil {
		return out, fmt.Errorf("remove what a drill before has left: %w", err)
	}
	if err := os.Mkdir(tree, 0o700); err != nil {
		return out, fmt.Errorf("make a directory for the drill: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tree)) }()
	if err := backup.PlaceSite(ctx, d.repository, d.set, tree, nil); err != nil {
		return out, err
	}
	engine, err := stack.Connect(ctx)
	if err != nil {
		return out, err
	}
	defer engine.Close()
	whole, err := stack.Load(ctx, stack.LoadOptions{Dir: tree})
	if err != nil {
		return out, err
	}
	apart, err := whole.Apart(stack.ApartOptions{Name: d.project, Services: []string{"postgres", "clickhouse", "redis", "web"}, CPUs: o.cpus, Memory: o.memory << 20})
	if err != nil {
		return out, err
	}
	return backup.Drill(ctx, &backup.DrillEnv{Access: d.access, Roots: trustedRoots(d.access.Target), Repository: d.repository, Set: d.set,
		Stack: engine.Stack(apart, d.sink), Sink: d.sink, Now: time.Now})
}

func (a *app) tellDrill(s *site.Site, d backup.Drilled) error {
	path, err := backup.SaveDrill(s, d)
	if err != nil {
		return err
	}
	if a.jsonOut() {
		err = a.writeJSON(struct {
			Type   string `json:"type"`
			Report string `json:"report"`
			backup.Drilled
		}{"result", path, d})
	} else {
		_, err = fmt.Fprintf(a.stdout, "%s\nReport: %s\n", d.Text(), path)
	}
	if err == nil && !d.Good {
		err = fault.New(fault.Integrity, "Read "+path+", then make a new backup and drill it", "backup %s did not come back as it was", d.Backup)
	}
	return err
}
