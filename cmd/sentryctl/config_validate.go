package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/fault"
)

type configValidateOptions struct {
	site    string
	answers string
	version string
}

func newConfigValidateCmd(a *app) *cobra.Command {
	var o configValidateOptions
	cmd := &cobra.Command{
		Use:   "validate",
		Short: "Check the answers and the site's files, or an answers file",
		Long: `Check the answers and the site's files, or an answers file. Nothing is changed.

With --answers no site is needed. Errors end with exit code 64, warnings alone
with 0.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.runConfigValidate(o) },
	}
	siteFlag(cmd, &o.site)
	cmd.Flags().StringVar(&o.answers, "answers", "", "check this `FILE` instead of a site")
	cmd.Flags().StringVar(&o.version, "version", "", "release that the answers file is for")
	cmd.MarkFlagsMutuallyExclusive("site", "answers")
	cmd.MarkFlagsMutuallyExclusive("site", "version")
	return cmd
}

func (a *app) runConfigValidate(o configValidateOptions) error {
	var found []config.Finding
	var what string
	var err error
	switch {
	case o.answers != "":
		what = o.answers
		found, err = validateAnswers(o)
	case o.version != "":
		return fault.New(fault.Usage, "Add --answers FILE", "--version says for which release an answers file is")
	default:
		var c *siteConfig
		if c, err = openConfig(o.site); err == nil {
			what = c.site.Dir
			found, err = c.validate()
		}
	}
	if err != nil {
		return err
	}
	return a.showValidation(found, what)
}

// validateAnswers checks a file as it stands: the environment has no say.
func validateAnswers(o configValidateOptions) ([]config.Finding, error) {
	var v calver.Version
	if o.version != "" {
		var err error
		if v, err = calver.Parse(o.version); err != nil {
			return nil, fault.New(fault.Usage, "Give a version such as 25.10.0", "%w", err)
		}
	}
	answers, found, err := config.ReadAnswersOver(config.Answers{}, o.answers, nil, withoutAnswers(os.Environ()))
	if err != nil {
		if bad := config.FindingsOf(err); len(bad) > 0 {
			return bad, nil
		}
		return nil, err
	}
	return append(found, config.Validate(answers, v)...), nil
}

// validate checks answers, files, and whether the one can be brought into the
// other.
func (c *siteConfig) validate() ([]config.Finding, error) {
	found := append(config.Validate(c.answers, c.record.Version), config.CheckSite(c.record.Version, c.disk())...)
	_, more, err := c.render(c.answers)
	if err != nil {
		bad := config.FindingsOf(err)
		if len(bad) == 0 {
			return nil, err
		}
		more = bad
	}
	return without(append(found, more...), nil), nil
}

func (a *app) showValidation(found []config.Finding, what string) error {
	var errors, warnings int
	for _, f := range found {
		switch f.Severity {
		case config.Err:
			errors++
		case config.Warn:
			warnings++
		}
	}
	if a.jsonOut() {
		err := a.writeJSON(struct {
			Type     string           `json:"type"`
			OK       bool             `json:"ok"`
			Findings []config.Finding `json:"findings"`
		}{"validation", errors == 0, append([]config.Finding{}, found...)})
		if err != nil {
			return err
		}
	} else {
		writeFindings(a.stdout, found)
	}
	if errors > 0 {
		return fault.New(fault.Usage, "Correct what is marked as an error, then check again", "%s: %s", what, count(errors, "error")).WithDoc("docs/configuration.md")
	}
	if a.jsonOut() {
		return nil
	}
	verdict := "in order"
	if warnings > 0 {
		verdict = "usable, with " + count(warnings, "warning")
	}
	_, err := fmt.Fprintf(a.stdout, "%s: %s\n", what, verdict)
	return err
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
