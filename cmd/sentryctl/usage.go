package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/fault"
)

// refuseWrongArgs gives the complaints about arguments, of cmd and of all
// commands below it, their exit code and a hint.
func refuseWrongArgs(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(c *cobra.Command, args []string) error {
			err := check(c, args)
			if err == nil {
				return nil
			}
			return fault.New(fault.Usage, argsHint(c, args), "%w", err)
		}
	}
	for _, sub := range cmd.Commands() {
		refuseWrongArgs(sub)
	}
}

// argsHint offers the commands that may have been meant.
func argsHint(c *cobra.Command, args []string) string {
	if len(args) > 0 {
		c.SuggestionsMinimumDistance = 2
		if names := c.SuggestionsFor(args[0]); len(names) > 0 {
			return "Did you mean: " + strings.Join(names, ", ") + "?"
		}
	}
	return "Read: " + c.CommandPath() + " --help"
}
