package main

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
)

type configProxyOptions struct{ site, url, bind string }

func newConfigProxyCmd(a *app) *cobra.Command {
	var o configProxyOptions
	kinds := config.ProxyKinds()
	cmd := &cobra.Command{
		Use:   "proxy " + strings.Join(kinds, "|"),
		Short: "Print the configuration of a reverse proxy in front of a site",
		Long: `Print the configuration of a reverse proxy that ends TLS in front of a site,
with the health check at /_health/. It is printed and written nowhere: the
certificate and the place of the file are the proxy's own matter.

The addresses are those of the site; with --url no site is needed.`,
		Example: `  sentryctl config proxy caddy > /etc/caddy/Caddyfile
  sentryctl config proxy nginx --url https://sentry.example.com --bind 127.0.0.1:9000`,
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs: kinds,
		RunE:      func(_ *cobra.Command, args []string) error { return a.runConfigProxy(o, args[0]) },
	}
	f := cmd.Flags()
	f.StringVar(&o.site, "site", site.DefaultDir, "directory of the installation")
	f.StringVar(&o.url, "url", "", "address that browsers use (default: the site's)")
	f.StringVar(&o.bind, "bind", "", "where Sentry listens: 9000 or 127.0.0.1:9000 (default: the site's)")
	return cmd
}

func (a *app) runConfigProxy(o configProxyOptions, kind string) error {
	answers, err := o.answers()
	if err != nil {
		return err
	}
	text, err := config.ReverseProxy(kind, answers)
	if err != nil {
		return err
	}
	if a.jsonOut() {
		return a.writeJSON(struct {
			Type string `json:"type"`
			Kind string `json:"kind"`
			Text string `json:"text"`
		}{"proxy", kind, string(text)})
	}
	if !strings.HasPrefix(answers.URL, "https://") {
		fmt.Fprintf(a.stderr, "warn   the address %s is not https: set it before the proxy serves it\n       sentryctl config set url=https://…\n", answers.URL)
	}
	_, err = a.stdout.Write(text)
	return err
}

// answers are the two that a proxy needs, as flags and the site say.
func (o configProxyOptions) answers() (config.Answers, error) {
	var settings []string
	for _, kv := range [][2]string{{"url", o.url}, {"bind", o.bind}} {
		if kv[1] != "" {
			settings = append(settings, kv[0]+"="+kv[1])
		}
	}
	answers, _, err := config.Set(config.Answers{}, settings)
	if err != nil || answers.URL != "" {
		return answers, err
	}
	c, err := openConfig(o.site)
	if err != nil {
		if fault.CodeOf(err) == fault.NoSite {
			return answers, fault.New(fault.NoSite, "Give the address with --url, or the directory of the site with --site", "%w", err)
		}
		return answers, err
	}
	found, err := config.Survey(c.record.Version, c.answers, c.pristine(), c.disk())
	if err != nil {
		return answers, err
	}
	for _, s := range found {
		switch s.Key {
		case "url":
			answers.URL = s.Text(false)
		case "bind":
			answers.Bind = cmp.Or(answers.Bind, s.Text(false))
		}
	}
	return answers, nil
}
