package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
)

func newConfigEditCmd(a *app) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "edit",
		Short: "Edit the answers in your editor; kept only when they are right",
		Long: `Edit the answers in $VISUAL or $EDITOR (else vi). They are checked before they
are kept. What you wrote is not lost when they are wrong: you can go on, or the
next "config edit" begins with it. Secrets stand there as references.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runConfigEdit(cmd.Context(), dir) },
	}
	siteFlag(cmd, &dir)
	return cmd
}

// draftFile holds an edit until it is kept. It lies beside the record, so that
// the same references to secrets hold in it.
const draftFile = "answers.edit.yaml"

func (a *app) runConfigEdit(ctx context.Context, dir string) error {
	c, err := openConfig(dir)
	if err != nil {
		return err
	}
	unlock, err := c.site.Lock("sentryctl config edit --site " + c.site.Dir)
	if err != nil {
		return err
	}
	defer unlock()
	draft := c.site.Own(draftFile)
	original, err := c.answersText()
	if err != nil {
		return err
	}
	if err := a.beginDraft(draft, original); err != nil {
		return err
	}
	answers, err := a.edited(ctx, c, draft)
	if err != nil {
		return err
	}
	keys := config.Differing(c.answers, answers)
	if len(keys) > 0 {
		if err := c.saveLocked(answers); err != nil {
			return err
		}
	}
	if err := os.Remove(draft); err != nil {
		return fmt.Errorf("remove the draft: %w", err)
	}
	if len(keys) == 0 {
		fmt.Fprintln(a.stderr, "Nothing changed.")
		return nil
	}
	fmt.Fprintf(a.stdout, "Changed %s. No file has changed yet.\nNext: %s%s\n", strings.Join(keys, ", "), nextCommand(keys), siteArg(dir))
	return nil
}

// answersText is the answers file that the record stands for.
func (c *siteConfig) answersText() ([]byte, error) {
	kept, err := keepSecrets(c.site, c.answers)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString("# Answers of " + c.site.Dir + ". Keys: sentryctl config list --all\n# A secret is a reference: {file: PATH}; set one with: sentryctl config set KEY\n")
	if len(kept.GivenKeys()) == 0 {
		return b.Bytes(), nil
	}
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(kept); err != nil {
		return nil, fmt.Errorf("encode answers: %w", err)
	}
	return b.Bytes(), nil
}

// beginDraft writes the answers to be edited, or takes up what a former edit
// left.
func (a *app) beginDraft(draft string, original []byte) error {
	_, err := os.Stat(draft)
	switch {
	case err == nil:
		fmt.Fprintf(a.stderr, "Going on with an edit that was not right: %s\n", draft)
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return site.WriteFile(draft, original, 0o600)
	}
	return fmt.Errorf("look for a former edit: %w", err)
}

// edited runs the editor until the answers are right or the admin gives up.
func (a *app) edited(ctx context.Context, c *siteConfig, draft string) (config.Answers, error) {
	for {
		if err := a.runEditor(ctx, draft); err != nil {
			return config.Answers{}, err
		}
		answers, found, err := c.readDraft(draft)
		if err == nil {
			a.warnOf(without(found, config.Validate(c.answers, c.record.Version)))
			return answers, nil
		}
		kept := fault.New(fault.Usage, "Run the same command again: it begins with your text, which is kept in "+draft, "the edited answers are not right: %w", err)
		if a.jsonOut() || !isTerminal(a.stdin) {
			return config.Answers{}, kept
		}
		writeFindings(a.stderr, config.FindingsOf(err))
		again, askErr := a.confirm(ctx, "Edit again?", true)
		if askErr != nil || !again {
			return config.Answers{}, kept
		}
	}
}

func (c *siteConfig) readDraft(draft string) (config.Answers, []config.Finding, error) {
	answers, found, err := config.ReadAnswersOver(config.Answers{}, draft, nil, withoutAnswers(os.Environ()))
	if err != nil {
		return answers, nil, err
	}
	found = append(found, config.Validate(answers, c.record.Version)...)
	return answers, found, config.Refuse(found, "check answers")
}

// withoutAnswers leaves variables that are answers out of an environment.
func withoutAnswers(env []string) []string {
	var out []string
	for _, kv := range env {
		if !strings.HasPrefix(kv, "SENTRYCTL_") {
			out = append(out, kv)
		}
	}
	return out
}

// runEditor lets the admin's editor have the terminal.
func (a *app) runEditor(ctx context.Context, path string) error {
	command := strings.Fields(a.editor())
	cmd := exec.CommandContext(ctx, command[0], append(command[1:], path)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = a.stdin, a.stderr, a.stderr
	cmd.Dir = filepath.Dir(path)
	if err := cmd.Run(); err != nil {
		return fault.New(fault.Usage, "Set EDITOR to an editor that is installed; your text is kept in "+path, "run the editor %s: %w", command[0], err)
	}
	return nil
}

func (a *app) editor() string {
	for _, name := range []string{"VISUAL", "EDITOR"} {
		if value := strings.TrimSpace(a.getenv(name)); value != "" {
			return value
		}
	}
	return "vi"
}
