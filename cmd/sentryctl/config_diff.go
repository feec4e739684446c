package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/config"
)

func newConfigDiffCmd(a *app) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "diff",
		Short: "Show what config apply would change in the files",
		Long: `Show what "config apply" would change in the files, as a unified diff with
secrets masked. What you changed by hand and it would overwrite is named.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.runConfigDiff(dir) },
	}
	siteFlag(cmd, &dir)
	return cmd
}

func (a *app) runConfigDiff(dir string) error {
	c, err := openConfig(dir)
	if err != nil {
		return err
	}
	files, found, err := c.render(c.answers)
	if err != nil {
		return err
	}
	changes, err := config.Changes(files, c.disk(), c.answers)
	if err != nil {
		return err
	}
	if a.jsonOut() {
		return a.writeJSON(struct {
			Type     string           `json:"type"`
			Changes  []config.Change  `json:"changes"`
			Findings []config.Finding `json:"findings"`
		}{"diff", append([]config.Change{}, changes...), append([]config.Finding{}, found...)})
	}
	a.warnOf(found)
	if len(changes) == 0 {
		fmt.Fprintln(a.stderr, "Nothing to apply: the files are as the answers say.")
		return nil
	}
	if err := a.writeDiff(a.stdout, changes); err != nil {
		return err
	}
	fmt.Fprintf(a.stderr, "Next: sentryctl config apply%s\n", siteArg(dir))
	return nil
}

// writeDiff writes the changes, with colours where they can be seen.
func (a *app) writeDiff(w io.Writer, changes []config.Change) error {
	s := a.streams()
	color := isTerminal(w) && !s.noColor && !s.dumb
	for _, c := range changes {
		for line := range strings.Lines(c.Diff) {
			if _, err := io.WriteString(w, painted(line, color)); err != nil {
				return fmt.Errorf("write diff: %w", err)
			}
		}
	}
	return nil
}

// painted gives a line of a diff the colours that git gives it.
func painted(line string, color bool) string {
	if !color {
		return line
	}
	text, end := strings.TrimSuffix(line, "\n"), "\x1b[0m\n"
	switch {
	case strings.HasPrefix(line, "+++"), strings.HasPrefix(line, "---"):
		return "\x1b[1m" + text + end
	case strings.HasPrefix(line, "@@"):
		return "\x1b[36m" + text + end
	case line[0] == '+':
		return "\x1b[32m" + text + end
	case line[0] == '-':
		return "\x1b[31m" + text + end
	}
	return line
}
