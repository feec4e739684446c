package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/priority"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/stack"
	"github.com/sentryctl/sentryctl/internal/step"
	"github.com/sentryctl/sentryctl/internal/ui/format"
	"github.com/sentryctl/sentryctl/internal/ui/redact"
)

const backupWorkflow = "backup"

type backupCreateOptions struct {
	backupOptions
	mode        string
	include     []string
	exclude     []string
	stopIngest  bool
	force       bool
	drafts      int
	maxRest     time.Duration
	limit       float64
	description string
}

func newBackupCreateCmd(a *app) *cobra.Command {
	var o backupCreateOptions
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Make a backup",
		Long: `Make a backup.

precopy (the default) reads all volumes while everything runs, then lets the
writers rest for the moment that it takes to read what changed since. cold
stops everything for the whole of it. hot lets nothing rest: PostgreSQL makes a
base backup, ClickHouse freezes its tables, Redis saves. Each of them is then
one moment, not the same for all: they may disagree about the minutes of the
backup.

Events keep coming in during the rest: relay and nginx go on, and Kafka keeps
what they take. --stop-ingest lets them rest too.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runBackupCreate(cmd.Context(), o) },
	}
	o.flags(cmd)
	return cmd
}

func (o *backupCreateOptions) flags(cmd *cobra.Command) {
	o.backupOptions.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&o.mode, "mode", string(backup.Precopy), "precopy, cold or hot")
	f.StringSliceVar(&o.include, "include", nil, "volume to take although it would be left out")
	f.StringSliceVar(&o.exclude, "exclude", nil, "volume to leave out")
	f.BoolVar(&o.stopIngest, "stop-ingest", false, "let relay and nginx rest too")
	f.BoolVar(&o.force, "force", false, "take a site that is not whole, and do not look whether there is room")
	f.IntVar(&o.drafts, "passes", 2, "how often at most to read the volumes before the rest (precopy)")
	f.DurationVar(&o.maxRest, "max-rest", 0, "give up when the rest takes longer; everything goes on (default: 10m, or three times the prediction; none for cold)")
	f.Float64Var(&o.limit, "upload-limit", 0, "bytes per second, 0 for no limit")
	f.StringVar(&o.description, "description", "", "a word about this backup")
}

func (o backupCreateOptions) check() error {
	for _, m := range backup.Modes() {
		if o.mode == string(m) && o.drafts >= 0 && o.maxRest >= 0 {
			return nil
		}
	}
	return fault.New(fault.Usage, "Choose --mode precopy, cold or hot, --passes of 0 or more and a --max-rest such as 30m", "these options do not make a backup")
}

func (a *app) runBackupCreate(ctx context.Context, o backupCreateOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	s, rec, err := site.Open(o.site)
	if err != nil {
		return err
	}
	acc, err := o.access(a, s)
	if err == nil {
		err = outside(acc.Target, s)
	}
	if err != nil {
		return err
	}
	acc.UploadLimit = o.limit
	hide(a.masks.Add, acc)
	unlock, err := s.Lock("sentryctl backup --site " + s.Dir)
	if err != nil {
		return err
	}
	defer unlock()
	var made backup.Manifest
	err = a.withSink(ctx, func(ctx context.Context, sink *redact.Sink) error {
		hide(sink.Add, acc)
		env, closeEngine, err := a.backupEnv(ctx, s, rec, sink)
		if err != nil {
			return err
		}
		defer closeEngine()
		env.Plan, env.Hurry = o.plan(acc, env.Now()), hurry
		if env.Priority, err = priority.Mine(); err != nil {
			return err
		}
		if env.HalfDone, err = settleBackup(ctx, s, env.Stack); err != nil {
			return err
		}
		err = a.carryOutBackup(ctx, env, sink.Redact)
		made = env.Manifest()
		return err
	})
	if err != nil {
		return err
	}
	if err := keepMetrics(s, rec, made); err != nil {
		a.warn("the backup is whole, but those who watch are not told of it: " + err.Error())
	}
	return a.tellBackup(made)
}

// hurry takes this process to normal priority, and back.
func hurry() (calm func() error, err error) {
	was, err := priority.Mine()
	if err == nil {
		err = priority.Priority{}.Take()
	}
	return was.Take, err
}

func (o backupCreateOptions) plan(acc repository.Access, now time.Time) backup.Plan {
	return backup.Plan{
		Access: acc, Roots: trustedRoots(acc.Target), Set: now.UTC().Format("20060102T150405Z"), Tool: readVersion().Version, Mode: backup.Mode(o.mode),
		Choice: backup.Choice{Include: o.include, Exclude: o.exclude}, CloseDoor: o.stopIngest, Force: o.force,
		Drafts: o.drafts, MaxRest: o.maxRest, Description: o.description,
	}
}

// backupEnv wires the steps to the Engine.
func (a *app) backupEnv(ctx context.Context, s *site.Site, rec site.Record, sink event.Sink) (*backup.Env, func() error, error) {
	engine, err := stack.Connect(ctx)
	if err != nil {
		return nil, nil, err
	}
	project, err := stack.Load(ctx, stack.LoadOptions{Dir: s.Dir})
	if err != nil {
		engine.Close()
		return nil, nil, err
	}
	st := engine.Stack(project, sink)
	door, err := doorOf(rec, st)
	if err != nil {
		engine.Close()
		return nil, nil, err
	}
	return &backup.Env{
		Site: s, Record: rec, Profile: project.Getenv("COMPOSE_PROFILES"), Stack: st, FrontDoor: door, Watch: watchDoor(door),
		Guard: func(context.Context) (func() error, error) { return startGuard(s) }, Sink: sink, Now: time.Now,
	}, engine.Close, nil
}

func (a *app) carryOutBackup(ctx context.Context, env *backup.Env, mask func(string) string) error {
	h := step.Header{Run: site.NewRunID(env.Now(), backupWorkflow), Workflow: backupWorkflow, Version: env.Record.Version.String(),
		Tool: env.Tool, Command: []string{"sentryctl", "backup", "create", "--site", env.Site.Dir}, Aside: true}
	for _, s := range backup.Steps() {
		h.Steps = append(h.Steps, s.ID)
	}
	journal, err := env.Site.OpenRun(h.Run)
	if err != nil {
		return err
	}
	defer journal.Close()
	runner := step.Runner[*backup.Env]{Log: journal, Sink: env.Sink, Site: env.Site.Dir, Now: time.Now, Redact: mask}
	_, err = runner.Run(ctx, env, h, backup.Steps())
	result := site.ResultDone
	if err != nil {
		result = site.ResultFailed
		if _, resting, restErr := backup.ReadResting(env.Site); restErr == nil && !resting {
			if closeErr := journal.Append(step.Record{Kind: step.KindFinished, Time: time.Now().UTC()}); closeErr != nil {
				return closeErr
			}
		}
	}
	if m := env.Manifest(); m.Downtime.Rest > 0 {
		if histErr := env.Site.AppendHistory(site.Outage{Time: time.Now().UTC(), Run: h.Run, Workflow: backupWorkflow, PredictedNS: m.Downtime.Predicted,
			UINS: m.Downtime.UI, IngestNS: m.Downtime.Ingest, Result: result}); err == nil {
			err = histErr
		}
	}
	return err
}

// trustedRoots are the certificates that a helper needs to reach a place over
// TLS; its image has none.
func trustedRoots(t repository.Target) string {
	if !t.Remote() || t.Plain {
		return ""
	}
	for _, path := range []string{os.Getenv("SSL_CERT_FILE"), "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"} {
		if data, err := os.ReadFile(path); err == nil {
			return string(data)
		}
	}
	return ""
}

func (a *app) tellBackup(m backup.Manifest) error {
	if a.jsonOut() {
		return a.writeJSON(struct {
			Type string `json:"type"`
			backup.Manifest
		}{"result", m})
	}
	d := m.Downtime
	_, err := fmt.Fprintf(a.stdout, "Backup %s of Sentry %s: %s in %d files, %s added, in %s.\n", m.Set, m.Version,
		format.Bytes(m.Bytes), m.Files, format.Bytes(m.Added), format.Elapsed(m.Ended.Sub(m.Begun)))
	if err == nil && d.Rest > 0 {
		_, err = fmt.Fprintf(a.stdout, "Services rested for %s (%s). Seen from outside, the UI did not answer for %s, the ingest endpoint for %s.\n",
			d.Rest.Round(time.Millisecond), d.Prediction(), d.UI.Round(time.Millisecond), d.Ingest.Round(time.Millisecond))
	}
	if err == nil && m.Guarantees != "" {
		_, err = fmt.Fprintf(a.stdout, "Mind: %s.\n", m.Guarantees)
	}
	return err
}
