package main

import (
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
)

func newConfigCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "See and change how a site is configured",
		Long: `See and change how a site is configured.

What you set are answers; they are kept in the site and change no file until
"config apply" writes them and restarts just the services that they touch.`,
		Example: `  sentryctl config set mail.host=smtp.example.com mail.port=587
  sentryctl config set mail.password --from-file /root/mail-password
  sentryctl config diff
  sentryctl config apply`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		newConfigListCmd(a), newConfigGetCmd(a), newConfigExplainCmd(a),
		newConfigSetCmd(a), newConfigUnsetCmd(a), newConfigEditCmd(a),
		newConfigValidateCmd(a), newConfigDiffCmd(a), newConfigApplyCmd(a),
		newConfigSecretKeyCmd(a), newConfigRenderCmd(a), newConfigProxyCmd(a), newConfigSchemaCmd(a),
	)
	return cmd
}

// siteFlag adds --site to a command.
func siteFlag(cmd *cobra.Command, dir *string) {
	cmd.Flags().StringVar(dir, "site", site.DefaultDir, "directory of the installation")
}

// siteConfig is a site with the answers that its record holds.
type siteConfig struct {
	site    *site.Site
	record  site.Record
	answers config.Answers
}

func openConfig(dir string) (*siteConfig, error) {
	s, rec, err := site.Open(dir)
	if err != nil {
		return nil, err
	}
	answers, err := config.Recorded(rec.Answers, s.Own(), os.Environ())
	if err != nil {
		return nil, fmt.Errorf("read the site's answers: %w", err)
	}
	if rec.State == site.Installed && answers.Admin.Password.Reveal() == "" {
		answers.Admin.Password = config.Secret{} // it was for the first admin, who exists
	}
	return &siteConfig{site: s, record: rec, answers: answers}, nil
}

func (c *siteConfig) disk() fs.FS     { return os.DirFS(c.site.Dir) }
func (c *siteConfig) pristine() fs.FS { return os.DirFS(c.site.ReleaseDir(c.record.Version)) }

// render gives the files that the answers ask for, for the site as it is.
func (c *siteConfig) render(a config.Answers) ([]config.File, []config.Finding, error) {
	if !exists(c.site.ReleaseDir(c.record.Version)) {
		return nil, nil, fault.New(fault.Integrity, "Run: sentryctl install --site "+c.site.Dir,
			"the site does not keep the release %s that its files are made from", c.record.Version)
	}
	in := config.RenderInput{
		Version: c.record.Version, Pristine: c.pristine(), Disk: c.disk(), Answers: a, Host: hostName(),
		SecretKey: config.ReadSecretKey(c.disk()),
	}
	if in.SecretKey == "" {
		in.SecretKey = config.GenerateSecretKey()
	}
	// What the installer set stays: only it has seen the Engine.
	if image := config.OwnVariable(in.Disk, clickhouseImage); image != "" {
		in.Installer = map[string]string{clickhouseImage: image}
	}
	return config.RenderSite(in)
}

// clickhouseImage is the one variable that an installer has to set, for some
// releases; see installerVariables.
const clickhouseImage = "CLICKHOUSE_IMAGE"

// save records the answers. Files of the site stay as they are.
func (c *siteConfig) save(a config.Answers, command string) error {
	unlock, err := c.site.Lock(command + " --site " + c.site.Dir)
	if err != nil {
		return err
	}
	defer unlock()
	return c.saveLocked(a)
}

func (c *siteConfig) saveLocked(a config.Answers) error {
	kept, err := keepSecrets(c.site, a)
	if err != nil {
		return err
	}
	rec, err := c.site.ReadRecord() // another command may have written it
	if err != nil {
		return err
	}
	if err := rec.Answers.Encode(kept); err != nil {
		return fmt.Errorf("encode answers: %w", err)
	}
	if err := c.site.WriteRecord(rec); err != nil {
		return err
	}
	c.record, c.answers = rec, a
	return dropSecrets(c.site, kept)
}

// secrets are the values that nothing may show.
func (c *siteConfig) secrets(a config.Answers) []string {
	return append(append(c.answers.Secrets(), a.Secrets()...), config.ReadSecretKey(c.disk()))
}
