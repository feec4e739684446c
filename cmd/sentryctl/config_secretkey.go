package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/fault"
)

type secretKeyOptions struct {
	site        string
	rotate, yes bool
}

func newConfigSecretKeyCmd(a *app) *cobra.Command {
	var o secretKeyOptions
	cmd := &cobra.Command{
		Use:   "generate-secret-key",
		Short: "Print a new secret key, or give the site another one",
		Long: `Print a new secret key of 50 characters. No site is needed.

With --rotate the site gets another key, with the next "config apply". Every
session then ends: all users log in again, and links in mails that were sent
before, such as password resets, stop working. Do it when the key has leaked.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runSecretKey(cmd.Context(), o) },
	}
	siteFlag(cmd, &o.site)
	cmd.Flags().BoolVar(&o.rotate, "rotate", false, "give the site another key instead of printing one")
	cmd.Flags().BoolVar(&o.yes, "yes", false, "do not ask")
	return cmd
}

const secretKey = "system.secret-key"

func (a *app) runSecretKey(ctx context.Context, o secretKeyOptions) error {
	if !o.rotate {
		key := config.GenerateSecretKey()
		if a.jsonOut() {
			return a.writeJSON(struct {
				Type string `json:"type"`
				Key  string `json:"key"`
			}{"secret_key", key})
		}
		_, err := fmt.Fprintln(a.stdout, key)
		return err
	}
	c, err := openConfig(o.site)
	if err != nil {
		return err
	}
	if err := c.oneSecretKey(); err != nil {
		return err
	}
	if !o.yes {
		yes, err := a.confirm(ctx, "A new secret key ends all sessions: every user logs in again. Go on?", false)
		if err != nil {
			return err
		}
		if !yes {
			return fault.New(fault.Cancelled, "Run the same command again when you are ready; nothing was changed", "the secret key stays")
		}
	}
	answers, err := config.SetSecret(c.answers, secretKey, config.GenerateSecretKey())
	if err != nil {
		return err
	}
	return a.keepAnswers(c, answers, o.site, "Set")
}

// oneSecretKey refuses a site that has its key as a variable, which would win
// over the new one.
func (c *siteConfig) oneSecretKey() error {
	settings, err := config.Survey(c.record.Version, c.answers, c.pristine(), c.disk())
	if err != nil {
		return err
	}
	for _, s := range settings {
		if s.Key == "SENTRY_SYSTEM_SECRET_KEY" && s.Text(true) != "" {
			return fault.New(fault.Usage, "Remove SENTRY_SYSTEM_SECRET_KEY there, then run the same command again",
				"the key of this site stands in the variable SENTRY_SYSTEM_SECRET_KEY (%s), which wins over config.yml", s.Place)
		}
	}
	return nil
}
