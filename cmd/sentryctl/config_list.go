package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
)

type configListOptions struct {
	site         string
	all, secrets bool
}

func newConfigListCmd(a *app) *cobra.Command {
	var o configListOptions
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List what is set, and where it is set",
		Long: `List what is set, and where it is set.

FROM says who decides: the answers, a file of the site that was edited by
hand, the release's own files, or Sentry's default. Without --all the last two
are left out. Values that Python code computes are not known.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.runConfigList(o) },
	}
	siteFlag(cmd, &o.site)
	cmd.Flags().BoolVar(&o.all, "all", false, "also list what nobody set, with its default")
	cmd.Flags().BoolVar(&o.secrets, "secrets", false, "show secrets in plain text")
	return cmd
}

// settingRow is one setting as lists show it.
type settingRow struct {
	Key    string        `json:"key"`
	Value  string        `json:"value"`
	Origin config.Origin `json:"origin"`
	Place  string        `json:"place,omitempty"`
	Secret bool          `json:"secret,omitempty"`
}

func (a *app) runConfigList(o configListOptions) error {
	c, err := openConfig(o.site)
	if err != nil {
		return err
	}
	settings, err := config.Survey(c.record.Version, c.answers, c.pristine(), c.disk())
	if err != nil {
		return err
	}
	rows := []settingRow{}
	for _, s := range settings {
		if o.all || s.Origin == config.FromAnswers || s.Origin == config.FromSite {
			rows = append(rows, settingRow{s.Key, s.Text(o.secrets), s.Origin, s.Place, s.Secret})
		}
	}
	pending := c.pending()
	if a.jsonOut() {
		return a.writeJSON(struct {
			Type     string       `json:"type"`
			Settings []settingRow `json:"settings"`
			Pending  []string     `json:"pending,omitempty"`
		}{"settings", rows, pending})
	}
	if err := writeSettings(a.stdout, rows); err != nil {
		return err
	}
	if len(pending) > 0 {
		fmt.Fprintf(a.stderr, "\nNot applied yet: %s\nNext: sentryctl config diff%s\n", strings.Join(pending, ", "), siteArg(o.site))
	}
	return nil
}

func writeSettings(out io.Writer, rows []settingRow) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "KEY\tVALUE\tFROM")
	for _, r := range rows {
		from := string(r.Origin)
		if r.Place != "" && r.Origin == config.FromSite {
			from = r.Place
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", r.Key, oneLine(r.Value), from)
	}
	return w.Flush()
}

// oneLine keeps a table's rows whole.
func oneLine(s string) string {
	const most = 60
	s = strings.ReplaceAll(s, "\n", `\n`)
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// pending names the files that an apply would change; a site that cannot be
// rendered now has none, and validate says why.
func (c *siteConfig) pending() []string {
	files, _, err := c.render(c.answers)
	if err != nil {
		return nil
	}
	changes, err := config.Changes(files, c.disk(), c.answers)
	if err != nil {
		return nil
	}
	return config.Paths(changes)
}

type configGetOptions struct {
	site    string
	secrets bool
}

func newConfigGetCmd(a *app) *cobra.Command {
	var o configGetOptions
	cmd := &cobra.Command{
		Use:   "get KEY",
		Short: "Print the value of one key",
		Long: `Print the value of one key: as the answers say, else as the site's files or
the release say, else Sentry's default. Nothing is printed when there is none.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.runConfigGet(o, args[0]) },
	}
	siteFlag(cmd, &o.site)
	cmd.Flags().BoolVar(&o.secrets, "secrets", false, "print a secret in plain text")
	return cmd
}

func (a *app) runConfigGet(o configGetOptions, key string) error {
	c, err := openConfig(o.site)
	if err != nil {
		return err
	}
	s, err := c.setting(key)
	if err != nil {
		return err
	}
	if s.Secret && !o.secrets {
		return fault.New(fault.Usage, "Add --secrets to print it", "%s is a secret", s.Key)
	}
	if a.jsonOut() {
		return a.writeJSON(struct {
			Type string `json:"type"`
			settingRow
		}{"setting", settingRow{s.Key, s.Text(o.secrets), s.Origin, s.Place, s.Secret}})
	}
	_, err = fmt.Fprintln(a.stdout, s.Text(o.secrets))
	return err
}

// setting returns the present state of one key.
func (c *siteConfig) setting(key string) (config.Setting, error) {
	o, err := config.Key(key)
	if err != nil {
		return config.Setting{}, err
	}
	settings, err := config.Survey(c.record.Version, c.answers, c.pristine(), c.disk())
	if err != nil {
		return config.Setting{}, err
	}
	for _, s := range settings {
		if s.Key == o.Key {
			return s, nil
		}
	}
	if o.Answer != "" {
		return config.Setting{}, fault.New(fault.Usage, "Run: sentryctl config get "+o.Answer, "%s follows from the answer %s", o.Key, o.Answer)
	}
	return config.Setting{}, fault.New(fault.Usage, "Run: sentryctl config explain "+o.Key, "release %s has no %s: it is there in %s", c.record.Version, o.Key, o.Range)
}

// siteArg is --site as it has to be typed again.
func siteArg(dir string) string {
	if dir == site.DefaultDir {
		return ""
	}
	return " --site " + dir
}
