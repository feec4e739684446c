package main

import (
	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/helper"
)

func newHelperBallastCmd() *cobra.Command {
	var dir string
	var bytes int64
	cmd := &cobra.Command{
		Use:   "ballast",
		Short: "Take up room on a disk",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return helper.Ballast(dir, bytes) },
	}
	cmd.Flags().StringVar(&dir, "dir", "", "directory on the disk")
	cmd.Flags().Int64Var(&bytes, "bytes", 0, "how much")
	return cmd
}
