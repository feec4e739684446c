package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/config/option"
	"github.com/sentryctl/sentryctl/internal/fault"
)

func newConfigExplainCmd(a *app) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "explain KEY",
		Short: "Say what a key means, what it may be and what it touches",
		Long:  "Say what a key means, what it may be and what it touches. Needs no site.",
		Args:  cobra.ExactArgs(1),
		RunE:  func(_ *cobra.Command, args []string) error { return a.runConfigExplain(dir, args[0]) },
	}
	siteFlag(cmd, &dir)
	return cmd
}

// explanation is all that is known of a key.
type explanation struct {
	Type     string        `json:"type"`
	Key      string        `json:"key"`
	About    string        `json:"about"`
	Wants    string        `json:"wants"`
	Default  string        `json:"default,omitempty"`
	Value    string        `json:"value,omitempty"`
	Origin   config.Origin `json:"origin,omitempty"`
	File     option.File   `json:"file,omitempty"`
	Sets     []string      `json:"sets,omitempty"`
	Follows  string        `json:"follows,omitempty"` // the answer that decides it
	Releases string        `json:"releases"`
	Secret   bool          `json:"secret,omitempty"`
	Restarts []string      `json:"restarts,omitempty"`
	Variable string        `json:"variable,omitempty"`
	Source   string        `json:"source,omitempty"`
}

func (a *app) runConfigExplain(dir, key string) error {
	o, err := config.Key(key)
	if err != nil {
		return err
	}
	settings, err := config.Survey(calver.Version{}, config.Answers{}, nil, nil)
	if err != nil {
		return err
	}
	s := config.Setting{Option: o}
	for _, known := range settings {
		if known.Key == o.Key {
			s = known
		}
	}
	e := explain(s)
	switch c, err := openConfig(dir); {
	case err == nil:
		if now, err := c.setting(o.Key); err == nil {
			e.Value, e.Origin = now.Text(false), now.Origin
		}
	case fault.CodeOf(err) != fault.NoSite:
		return err
	}
	if a.jsonOut() {
		return a.writeJSON(e)
	}
	return e.write(a.stdout)
}

func explain(s config.Setting) explanation {
	e := explanation{
		Type: "explanation", Key: s.Key, About: s.About, Wants: s.Want(), Default: s.Default, File: s.File, Sets: s.Sets,
		Releases: "all", Secret: s.Secret, Variable: config.EnvName(s.Key), Source: s.Source,
	}
	if r := s.Range.String(); r != "" {
		e.Releases = r
	}
	if s.File != "" {
		e.Restarts = s.Restarts()
	}
	if s.Answer != "" && s.Answer != s.Key {
		if o, ok := config.Lookup(s.Answer); !ok || o.Key != s.Key {
			e.Follows, e.Variable = s.Answer, ""
		}
	}
	return e
}

func (e explanation) write(out io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n  %s\n\n", e.Key, e.About)
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "  %-10s %s\n", name, value)
		}
	}
	row("Value", e.present())
	row("Wants", e.Wants)
	row("Default", e.Default)
	if e.Secret {
		row("Secret", "never shown; give it with: sentryctl config set "+e.Key+" --from-file FILE")
	}
	row("Follows", e.follows())
	row("File", string(e.File))
	row("Sets", strings.Join(e.Sets, ", "))
	row("Releases", e.Releases)
	row("Restarts", restartWords(e.Restarts))
	row("Variable", e.Variable)
	row("Source", e.Source)
	_, err := io.WriteString(out, b.String())
	return err
}

func (e explanation) present() string {
	if e.Origin == "" || e.Origin == config.FromDefault {
		return ""
	}
	return fmt.Sprintf("%s (from the %s)", oneLine(e.Value), e.Origin)
}

func (e explanation) follows() string {
	if e.Follows == "" {
		return ""
	}
	return "from the answer " + e.Follows + "; set that"
}

// restartWords says whom a change touches.
func restartWords(names []string) string {
	var out []string
	for _, n := range names {
		switch n {
		case option.Sentry:
			n = "every service of Sentry itself"
		case option.Users:
			n = "the services that use the variable"
		case option.None:
			n = "none: only the installer reads it"
		}
		out = append(out, n)
	}
	return strings.Join(out, ", ")
}
