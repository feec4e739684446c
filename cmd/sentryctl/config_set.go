package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/fault"
)

type configSetOptions struct {
	site     string
	fromFile string
	fromEnv  string
}

func newConfigSetCmd(a *app) *cobra.Command {
	var o configSetOptions
	cmd := &cobra.Command{
		Use:   "set KEY=VALUE…",
		Short: "Change answers; files stay until config apply",
		Long: `Change answers; files stay until "config apply".

All settings are checked together, and none is kept when one is wrong. A
secret is never given on the command line, where others can read it: name its
KEY alone and it is asked for, or read from standard input, or use --from-file
or --from-env. It is kept in a file of the site that only its owner can read.
KEY.file=PATH keeps a reference to a file of yours instead.`,
		Example: `  sentryctl config set retention_days=30 SENTRY_WEB_OPTIONS.workers=6
  sentryctl config set mail.password --from-file /root/mail-password
  pass show sentry/mail | sentryctl config set mail.password`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.runConfigSet(o, args) },
	}
	siteFlag(cmd, &o.site)
	cmd.Flags().StringVar(&o.fromFile, "from-file", "", "read the secret KEY from this file")
	cmd.Flags().StringVar(&o.fromEnv, "from-env", "", "read the secret KEY from the variable of this `NAME`")
	cmd.MarkFlagsMutuallyExclusive("from-file", "from-env")
	return cmd
}

func (a *app) runConfigSet(o configSetOptions, args []string) error {
	c, err := openConfig(o.site)
	if err != nil {
		return err
	}
	answers, err := a.changed(c.answers, o, args)
	if err != nil {
		return err
	}
	found := config.Validate(answers, c.record.Version)
	if err := config.Refuse(found, "check answers"); err != nil {
		return err
	}
	a.warnOf(without(found, config.Validate(c.answers, c.record.Version)))
	return a.keepAnswers(c, answers, o.site, "Set")
}

// changed returns the answers with what the command line asks for.
func (a *app) changed(base config.Answers, o configSetOptions, args []string) (config.Answers, error) {
	given := o.fromFile != "" || o.fromEnv != ""
	alone := len(args) == 1 && !strings.Contains(args[0], "=")
	switch {
	case given && !alone:
		return base, fault.New(fault.Usage, "Name the one KEY that it is for", "--from-file and --from-env give one secret")
	case !alone:
		answers, found, err := config.Set(base, args)
		a.warnOf(found)
		return answers, err
	}
	key, err := config.Key(args[0])
	if err != nil {
		return base, err
	}
	if !key.Secret {
		return base, fault.New(fault.Usage, "Write "+args[0]+"=VALUE", "%s is not a secret; its value stands on the command line", args[0])
	}
	value, err := a.readSecret(o, key.Key)
	if err != nil {
		return base, err
	}
	return config.SetSecret(base, key.Key, value)
}

// keepAnswers records what was changed and says what comes next.
func (a *app) keepAnswers(c *siteConfig, answers config.Answers, dir, verb string) error {
	keys := config.Differing(c.answers, answers)
	if len(keys) > 0 {
		if err := c.save(answers, "sentryctl config"); err != nil {
			return err
		}
	}
	next := nextCommand(keys) + siteArg(dir)
	if a.jsonOut() {
		return a.writeJSON(struct {
			Type    string   `json:"type"`
			Changed bool     `json:"changed"`
			Keys    []string `json:"keys"`
			Next    string   `json:"next,omitempty"`
		}{"result", len(keys) > 0, append([]string{}, keys...), next})
	}
	if len(keys) == 0 {
		_, err := fmt.Fprintln(a.stdout, "Nothing changed: the answers say that already.")
		return err
	}
	_, err := io.WriteString(a.stdout, verb+" "+strings.Join(keys, ", ")+". No file has changed yet.\nNext: "+next+"\n")
	return err
}

// installKeys are answers that take more than files: data, downloads or
// services that an install sets up.
var installKeys = []string{"admin.email", "admin.password", "custom_ca", "js_sdk_assets", "profile"}

func nextCommand(keys []string) string {
	for _, k := range keys {
		if slices.Contains(installKeys, k) {
			return "sentryctl install"
		}
	}
	return "sentryctl config apply"
}

func newConfigUnsetCmd(a *app) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "unset KEY…",
		Short: "Take answers back; files stay until config apply",
		Long: `Take answers back; files stay until "config apply", which then restores what
the release says. A value that you wrote into a file by hand stays.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.runConfigUnset(dir, args) },
	}
	siteFlag(cmd, &dir)
	return cmd
}

func (a *app) runConfigUnset(dir string, keys []string) error {
	c, err := openConfig(dir)
	if err != nil {
		return err
	}
	answers, _, err := config.Unset(c.answers, keys)
	if err != nil {
		return err
	}
	if err := config.Refuse(config.Validate(answers, c.record.Version), "check answers"); err != nil {
		return err
	}
	return a.keepAnswers(c, answers, dir, "Unset")
}
