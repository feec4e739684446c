package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/geoip"
	"github.com/sentryctl/sentryctl/internal/health"
	"github.com/sentryctl/sentryctl/internal/install"
	"github.com/sentryctl/sentryctl/internal/release/remote"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/stack"
	"github.com/sentryctl/sentryctl/internal/step"
	"github.com/sentryctl/sentryctl/internal/ui/redact"
)

const installWorkflow = "install"

// carryOut is the part of an install that changes the machine.
func (a *app) carryOut(ctx context.Context, p *installPlan) error {
	if err := p.site.Create(); err != nil {
		return err
	}
	unlock, err := p.site.Lock("sentryctl install --site " + p.site.Dir)
	if err != nil {
		return err
	}
	defer unlock()
	password, err := p.adminPassword()
	if err != nil {
		return err
	}
	record, err := p.newRecord()
	if err != nil {
		return err
	}
	journal, prior, header, err := p.openJournal(record)
	if err != nil {
		return err
	}
	defer journal.Close()
	if a.past, err = p.pastTimes(); err != nil {
		return err
	}
	watched, err := p.watch(ctx, header)
	if err != nil {
		return err
	}
	var env *install.Env
	var outcome step.Outcome
	err = a.withSink(ctx, func(ctx context.Context, sink *redact.Sink) error {
		sink.Add(append(p.secrets(), password)...)
		for _, f := range p.findings {
			sink.Emit(event.Notice{Level: string(f.Severity), Text: f.Error(), Hint: f.Hint})
		}
		env = p.environment(sink, record, password)
		runner := step.Runner[*install.Env]{Log: journal, Sink: sink, Site: p.site.Dir, Now: time.Now, Prior: prior, Redact: sink.Redact}
		outcome, err = runner.Run(ctx, env, header, install.Steps())
		return err
	})
	if err = errors.Join(err, watched.remember(ctx, outcome, err)); err != nil {
		return err
	}
	if err := dropAdminPassword(p.site); err != nil {
		return err
	}
	return a.summarize(p, env, outcome)
}

// watch watches a site that was installed before. What a restore brings back has
// been stopped by it.
func (p *installPlan) watch(ctx context.Context, header step.Header) (*watchedRun, error) {
	w := &watchedRun{site: p.site, header: header, version: p.version}
	if p.record.State != site.Installed || p.options.restored != nil || p.engine == nil {
		return w, nil
	}
	w.look = p.engine.Stack(p.project, event.Discard{}).Instances
	moves := config.SiteVariable(os.DirFS(p.site.Dir), "SENTRY_BIND") != p.project.Getenv("SENTRY_BIND")
	return w, w.watch(ctx, func() health.Watch { return runDoor(ctx, p.site, *p, moves) })
}

// environment wires the steps to the Engine, the network and the screen.
func (p *installPlan) environment(sink *redact.Sink, record site.Record, password string) *install.Env {
	return &install.Env{
		Plan: install.Plan{
			Version: p.version, Tree: p.tree, Profile: p.profile, RetentionDays: p.retentionDays(),
			AdminEmail: p.adminEmail(), AdminPassword: []byte(password),
			JSSDK: p.project.Getenv("SETUP_JS_SDK_ASSETS") == "1", JSSDKSource: jsSDKSource,
			CertificatesDir: p.answers.CustomCA, CustomCA: p.answers.CustomCA != "",
			GeoIP: p.answers.GeoIP.Account != "", NoStart: p.options.noStart,
			Render: p.installFiles,
		},
		Site:   p.site,
		Staged: p.engine.Stack(p.project, sink),
		Open: func(ctx context.Context) (install.Stack, error) {
			project, err := stack.Load(ctx, stack.LoadOptions{Dir: p.site.Dir})
			if err != nil {
				return nil, err
			}
			return p.engine.Stack(project, sink), nil
		},
		Record:    func() site.Record { return record },
		Downloads: remote.New(),
		GeoIPs:    geoip.Updater{},
		FrontDoor: health.FrontDoor{Address: p.door(), URL: p.publicURL()},
		Restored:  restoredGroups(p, sink),
		Sink:      sink,
		Now:       time.Now,
	}
}

// The place from which upstream's installer takes the SDK.
const jsSDKSource = "https://browser.sentry-cdn.com"

func (p *installPlan) installFiles() ([]install.File, error) {
	rendered, err := p.render()
	if err != nil {
		return nil, err
	}
	files := make([]install.File, 0, len(rendered))
	for _, f := range rendered {
		files = append(files, install.File{Path: f.Path, Mode: f.Mode, Data: f.Data})
	}
	return files, nil
}

// newRecord is what the site's record is going to say of this install.
func (p *installPlan) newRecord() (site.Record, error) {
	r := site.Record{Version: p.version, Source: p.source, Digest: p.tree.Digest, Project: p.project.Name(), Tool: readVersion().Version}
	kept, err := keepSecrets(p.site, p.answers)
	if err != nil {
		return r, err
	}
	if err := r.Answers.Encode(kept); err != nil {
		return r, fmt.Errorf("encode answers: %w", err)
	}
	return r, nil
}

// openJournal takes up the journal of an install of just this that did not
// end, or begins a new one that knows what an older one left in doubt.
func (p *installPlan) openJournal(record site.Record) (*step.Journal, []step.Record, step.Header, error) {
	h, err := p.header(record)
	if err != nil {
		return nil, nil, h, err
	}
	last, unfinished, err := p.site.Unfinished()
	if err != nil {
		return nil, nil, h, err
	}
	var prior []step.Record
	if unfinished {
		was, ok := step.HeaderOf(last.Records)
		switch {
		case ok && was.Workflow != installWorkflow:
			return nil, nil, h, fault.New(fault.Resumable, "Finish it first: sentryctl resume --site "+p.site.Dir, "%s %s did not come to its end", was.Workflow, last.ID)
		case !ok || was.Digest == h.Digest:
			h.Run = last.ID
		default:
			prior = step.InDoubt(last.Records)
		}
	}
	journal, err := p.site.OpenRun(h.Run)
	return journal, prior, h, err
}

// header names this run. Its digest covers the steps and all that decides
// what they do; answers print without secrets.
func (p *installPlan) header(record site.Record) (step.Header, error) {
	h := step.Header{
		Run: site.NewRunID(time.Now(), installWorkflow), Workflow: installWorkflow,
		Version: p.version.String(), Tool: record.Tool, Command: p.command(),
	}
	for _, s := range install.Steps() {
		h.Steps = append(h.Steps, s.ID)
	}
	asked, err := yaml.Marshal(record)
	if err != nil {
		return h, fmt.Errorf("encode record: %w", err)
	}
	sum := sha256.Sum256(fmt.Appendf(asked, "%v %t", h.Steps, p.options.noStart))
	h.Digest = "sha256:" + hex.EncodeToString(sum[:])
	return h, nil
}

// pastTimes are how long the steps took here before.
func (p *installPlan) pastTimes() (map[string]time.Duration, error) {
	runs, err := p.site.Runs()
	return stepTimes(runs, installWorkflow), err
}

// command is the install as it would be typed again; the answers stand in the
// record.
func (p *installPlan) command() []string {
	c := []string{"sentryctl", "install", "--site", p.site.Dir, "--version", p.version.String()}
	if p.options.noStart {
		c = append(c, "--no-start")
	}
	for _, id := range p.options.ignore {
		c = append(c, ignoreFlag+id)
	}
	return c
}

const ignoreFlag = "--ignore="

// passwordFile holds the first admin's password until somebody removes it.
const passwordFile = "first-admin-password"

// adminPassword takes the password that was given, else the one that a former
// attempt made, else makes one. A made one is on disk before it is used.
func (p *installPlan) adminPassword() (string, error) {
	if given := p.answers.Admin.Password.Reveal(); given != "" || p.adminEmail() == "" {
		return given, nil
	}
	path := p.site.Own(passwordFile)
	have, err := os.ReadFile(path)
	if err == nil {
		return strings.TrimSpace(string(have)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read the first admin's password: %w", err)
	}
	if p.record.State == site.Installed {
		return "", nil // the admin exists, and the file was rightly removed
	}
	made := config.GeneratePassword()
	return made, site.WriteFile(path, []byte(made+"\n"), 0o600)
}

// adminEmail is that of the first admin, "" when the users come from a backup.
func (p *installPlan) adminEmail() string {
	if p.options.restored != nil {
		return ""
	}
	return p.answers.Admin.Email
}

// secrets are the values that no output may show.
func (p *installPlan) secrets() []string {
	return append(p.answers.Secrets(), p.secretKey)
}

func (p *installPlan) retentionDays() int {
	if p.answers.RetentionDays > 0 {
		return p.answers.RetentionDays
	}
	var days int
	if _, err := fmt.Sscanf(p.project.Getenv("SENTRY_EVENT_RETENTION_DAYS"), "%d", &days); err != nil {
		return 90 // upstream's default
	}
	return days
}
