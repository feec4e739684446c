package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/backup/capture"
)

func newHelperCaptureCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "capture",
		Short: "Read volumes into a repository; what to do comes as JSON on stdin",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return runHelperCapture(cmd.Context(), a) },
	}
}

func runHelperCapture(ctx context.Context, a *app) error {
	var req capture.Request
	rest, err := capture.Hear(a.stdin, &req)
	if err != nil {
		return err
	}
	return capture.Run(ctx, req, rest, func(r capture.Report) { _ = a.writeJSON(r) })
}

func newHelperRestoreCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "restore",
		Short: "Write a repository's trees into volumes; what to do comes as JSON on stdin",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return runHelperRestore(cmd.Context(), a) },
	}
}

func runHelperRestore(ctx context.Context, a *app) error {
	var req capture.RestoreRequest
	if _, err := capture.Hear(a.stdin, &req); err != nil {
		return err
	}
	return capture.Restore(ctx, req, func(r capture.Report) { _ = a.writeJSON(r) })
}

func newHelperSwapCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "swap",
		Short: "Let directories change places; which comes as JSON on stdin",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			var req capture.SwapRequest
			if _, err := capture.Hear(a.stdin, &req); err != nil {
				return err
			}
			return capture.Swap(req)
		},
	}
}
