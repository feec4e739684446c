package main

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/install"
	"github.com/sentryctl/sentryctl/internal/step"
)

// installResult is the last line of an install in JSON.
type installResult struct {
	Type         string         `json:"type"`
	Version      string         `json:"version"`
	Profile      string         `json:"profile"`
	Site         string         `json:"site"`
	URL          string         `json:"url"`
	Login        string         `json:"login,omitempty"`
	PasswordFile string         `json:"password_file,omitempty"`
	Project      string         `json:"project"`
	Services     int            `json:"services"`
	Started      bool           `json:"started"`
	Changed      bool           `json:"changed"`
	Resumed      bool           `json:"resumed"`
	ElapsedMs    int64          `json:"elapsed_ms"`
	Lacks        []event.Notice `json:"lacks,omitempty"`
}

// summarize says where things are and what to do next. What is lacking makes
// the exit code Incomplete.
func (a *app) summarize(p *installPlan, env *install.Env, o step.Outcome) error {
	r := installResult{
		Type: "result", Version: p.version.String(), Profile: p.profile, Site: p.site.Dir, URL: p.browserURL(), Login: p.answers.Admin.Email,
		Project: p.project.Name(), Services: len(p.model.Services), Started: !p.options.noStart,
		Changed: o.Changed, Resumed: o.Resumed, ElapsedMs: o.Elapsed.Milliseconds(), Lacks: env.Incomplete(),
	}
	if path := p.site.Own(passwordFile); r.Login != "" && exists(path) {
		r.PasswordFile = path
	}
	if a.jsonOut() && p.options.restored != nil {
		// The restore that it is part of has the last word.
	} else if a.jsonOut() {
		if err := a.writeJSON(r); err != nil {
			return err
		}
	} else if _, err := fmt.Fprint(a.stdout, r.text()); err != nil {
		return err
	}
	if len(r.Lacks) == 0 {
		return nil
	}
	return incomplete(r.Lacks)
}

// incomplete names all that is lacking, and each hint once.
func incomplete(lacks []event.Notice) error {
	var texts, hints []string
	for _, n := range lacks {
		texts = append(texts, n.Text)
		if !slices.Contains(hints, n.Hint) {
			hints = append(hints, n.Hint)
		}
	}
	return fault.New(fault.Incomplete, strings.Join(hints, ". "), "Sentry works, but not everything could be set up: %s", strings.Join(texts, "; "))
}

// browserURL is what to type into a browser.
func (p *installPlan) browserURL() string {
	return cmp.Or(config.ReadURL(os.DirFS(p.site.Dir)), "http://"+p.door())
}

// text is the summary for a person.
func (r installResult) text() string {
	var b strings.Builder
	switch {
	case !r.Changed:
		fmt.Fprintf(&b, "\nNothing to do: Sentry %s is installed and answers.\n\n", r.Version)
	case r.Started:
		fmt.Fprintf(&b, "\nSentry %s is ready: %d services, %s.\n\n", r.Version, r.Services, r.Profile)
	default:
		fmt.Fprintf(&b, "\nSentry %s is set up and stopped, as --no-start asked.\n\n", r.Version)
	}
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "  %-9s %s\n", name, value)
		}
	}
	row("URL", r.URL)
	row("Login", r.Login)
	if r.PasswordFile != "" {
		row("Password", "in "+r.PasswordFile+" (log in, then delete the file)")
	}
	row("Site", r.Site)
	row("Config", r.Site+"/sentry/config.yml, sentry/sentry.conf.py, .env.custom")
	row("Journal", r.Site+"/.sentryctl/runs")
	fmt.Fprintf(&b, "\nNext\n")
	for _, n := range r.next() {
		fmt.Fprintf(&b, "  %s\n", n)
	}
	return b.String()
}

func (r installResult) next() []string {
	compose := fmt.Sprintf("cd %s && docker compose --env-file .env --env-file .env.custom", r.Site)
	var next []string
	if !r.Started {
		next = append(next, "start it:          sentryctl install --site "+r.Site+" --yes")
	}
	if r.Login == "" {
		next = append(next, "make an admin:     "+compose+" run --rm web createuser --superuser")
	}
	return append(next,
		"is it well:        sentryctl health --site "+r.Site,
		"look at it:        "+compose+" ps",
		"change something:  sentryctl config set --site "+r.Site+" KEY=VALUE && sentryctl config apply --site "+r.Site,
	)
}
