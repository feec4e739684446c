package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/fault"
)

var outputModes = []string{"auto", "tui", "plain", "json"}

func newRootCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:           "sentryctl",
		Short:         "Install self-hosted Sentry and keep it alive",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			if !slices.Contains(outputModes, a.output) {
				return fault.New(fault.Usage, "Choose one of: "+strings.Join(outputModes, ", "), "unknown output mode %q", a.output)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.PersistentFlags().StringVar(&a.output, "output", a.output, "how to talk: auto, tui, plain or json")
	cmd.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return fault.New(fault.Usage, "Read: "+c.CommandPath()+" --help", "%w", err)
	})
	cmd.AddCommand(
		newBackupCmd(a),
		newConfigCmd(a),
		newConfigureCmd(a),
		newTuneCmd(a),
		newInstallCmd(a),
		newRestoreCmd(a),
		newResumeCmd(a),
		newRollbackCmd(a),
		newHelperCmd(a),
		newReleaseCmd(a),
		newPreflightCmd(a),
		newUpgradeCmd(a),
		newAdoptCmd(a),
		newHistoryCmd(a),
		newHealthCmd(a),
		newExportCmd(a),
		newImportCmd(a),
		newAdminCmd(a),
		newVersionCmd(a),
	)
	refuseWrongArgs(cmd)
	return cmd
}
